from mriqc_webapi.cli.progress import progress_bar


def test_a_terminal_sees_share_and_rate(capsys, monkeypatch):
    monkeypatch.setenv('FORCE_COLOR', '1')  # as on a terminal
    with progress_bar() as watcher:
        watcher.expect(100)
        watcher.advance(1000, 40)
        watcher.advance(1000, 60)
    shown = capsys.readouterr().err
    assert '100%' in shown
    assert 'records/s' in shown


def test_a_file_sees_nothing(capsys):
    with progress_bar() as watcher:
        watcher.expect(100)
        watcher.advance(1000, 100)
    assert capsys.readouterr().err == ''
