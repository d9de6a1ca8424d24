def test_good_lines_are_counted_and_the_code_is_0(run, write_lines, posted):
    ran = run('check', write_lines('T1w.ndjson', posted))
    assert ran.code == 0
    assert '200 would be accepted, 0 of them with notes; 0 would be refused' in ran.out


def test_a_refused_line_is_named_with_its_reason_and_the_code_is_1(run, write_lines, posted):
    path = write_lines('T1w.ndjson', [posted[0], {**posted[1], 'cjv': 'much'}])
    ran = run('check', path)
    assert ran.code == 1
    assert f'{path}:2: refused: cjv: must be of float type' in ran.out


def test_notes_are_summed_up_with_their_first_place(run, write_lines, posted):
    path = write_lines('T1w.ndjson', [{**d, 'spikes_num': 3} for d in posted[:2]])
    ran = run('check', path)
    assert ran.code == 0
    assert 'spikes_num: unknown' in ran.out
    assert f'2 times, first {path}:1 3' in ran.out


def test_json_says_something_of_every_line_and_ends_with_the_sums(run, write_lines, posted):
    path = write_lines('T1w.ndjson', [{**posted[0], 'spikes_num': 3}, {}])
    accepted, refused, sums = run('check', path, '--json').lines
    assert accepted['notes'][0]['field'] == 'spikes_num'
    assert (refused['line'], refused['accepted']) == (2, False)
    assert sums == {'n_accepted': 1, 'n_noted': 1, 'n_refused': 1}


def test_nothing_is_written(run, data_dir, write_lines, posted):
    run('check', write_lines('T1w.ndjson', posted))
    assert not data_dir.exists()


def test_a_file_that_is_not_there_is_a_usage_error(run):
    ran = run('check', 'nowhere.ndjson')
    assert ran.code == 2
    assert 'there is no nowhere.ndjson' in ran.err
