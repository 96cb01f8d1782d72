"""What an answer means for the events: only what a server says of the batch itself ends in giving it up."""

import pytest

from footfall.tracker.transport import Verdict, read_answer

MEANINGS = {
    Verdict.TAKEN: (200, 202, 204),
    Verdict.LATER: (301, 302, 307, 408, 425, 429, 500, 502, 503, 504, 599),
    Verdict.TOO_LARGE: (413,),
    Verdict.WRONG: (400, 411, 414, 415, 422, 431),
    Verdict.LOCKED_OUT: (401, 402, 403, 404, 405, 407, 410, 418, 421, 423, 451, 495, 499),
}


@pytest.mark.parametrize("verdict", Verdict)
def test_a_status_gives_up_no_event_unless_the_batch_is_wrong(verdict: Verdict) -> None:
    for status in MEANINGS[verdict]:
        for body in (b"", b"<h1>Forbidden</h1>", b'{"result":{"code":"x","message":"y"}}'):
            assert read_answer(status, "7", body).verdict is verdict
