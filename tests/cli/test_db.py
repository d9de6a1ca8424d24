import pytest


def test_an_upgraded_database_is_the_newest(run):
    run('db', 'upgrade')
    ran = run('db', 'status', '--json')
    (status,) = ran.lines
    assert ran.code == 0
    assert status['current'] == status['head']


def test_an_empty_postgresql_is_refused_with_the_command_that_upgrades_it(run, postgres, tmp_path):
    url = postgres.create(template='template0')
    ran = run('token', 'list', '--database', url)
    assert ran.code == 3
    assert 'mriqc-webapi db upgrade' in ran.err
    assert run('db', 'status', '--database', url).code == 1
    assert run('db', 'upgrade', '--database', url).code == 0
    assert run('token', 'list', '--database', url).code == 0


@pytest.mark.parametrize(
    'url', ['postgresql://127.0.0.1:1/nobody', 'mysql://db/x', 'no url', 'sqlite:////proc/x/y']
)
def test_a_database_that_cannot_be_had_is_one_line_and_code_3(run, url):
    ran = run('token', 'list', '--database', url)
    assert ran.code == 3
    assert ran.err.startswith('mriqc-webapi: ')
    assert 'Traceback' not in ran.err
