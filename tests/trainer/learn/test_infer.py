"""A schema that does not fit its recording is refused in a sentence."""

import pytest

from agent.errors import RecordingError
from agent.message.times import TimeFormat
from trainer.learn.infer import infer
from trainer.schema import Field, Schema

MESSAGES = [{"t": 1_700_000_000 + i, "word": "abc"[i % 3], "v": i / 7, "o": {"x": i}} for i in range(30)]


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (Field(path="word", kind="number"), "word cannot be number: 'a' is not"),
        (Field(path="v", kind="event-time"), "v cannot be event-time: no format of times fits"),
        (Field(path="v", kind="box", order="xyxy"), "v cannot be box"),
        (Field(path="v", kind="list"), "v cannot be list"),
        (Field(path="word", kind="counter"), "word cannot be counter"),
        (Field(path="o", kind="number"), "o cannot be number"),
        (Field(path="o", kind="identifier"), "o cannot be identifier"),
        (Field(path="word", kind="lag-time", time=TimeFormat(pattern="epoch-s")), "word cannot be lag-time"),
        (Field(path="wrod", kind="category"), "no field 'wrod'; did you mean 'word'"),
    ],
)
def test_a_field_that_cannot_be_what_the_schema_says_is_refused(field: Field, said: str) -> None:
    with pytest.raises(RecordingError, match=said):
        infer(MESSAGES, Schema(field=[field]))
