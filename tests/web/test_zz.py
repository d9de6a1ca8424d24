from tests.web.test_sweep import *
def test_dbg(planted, answers):
    print({p:t[-300:] for p,(s,t) in answers.items() if s!=200})
    print([p for p in holding(answers,CONTROL) if 'figures' in p])
    assert 0
