import pytest

from agent.errors import RecordingError
from tests.trainer.conftest import recording_of
from trainer.learn.infer import study
from trainer.learn.template import learn_template
from trainer.schema import read_schema

MESSAGES = [
    {"t": 1_700_000_000 + i, "n": i * i, "f": i / 7, "name": f"Ann {i}", "l": [{"k": "a", "v": 9 - i % 3}, {"v": 0}]}
    for i in range(30)
]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("= 1", "is not TOML"),
        ("a = " + "1" * 5000, "is not TOML"),
        ("a = " + "[" * 5000, "is not TOML"),
        ("[field]\npath = 'n'", "field = table: must be a table, headed by [[field]]"),
        ("[[field]]\npath = 'n'", "[[field]] 1 ('n') kind: missing; set it"),
        ("[[field]]\npath = ''\nkind = 'number'", "[[field]] 1 ('') path = ''"),
        (
            "[[field]]\npath = 'name'\nkind = 'identifier'\npersonal = 'unicorn'",
            "personal = 'unicorn': must be 'email'",
        ),
        ("[[field]]\npath = 'n'\nkind = 'number'\nkynd = 'number'", "kynd: no such key; did you mean kind?"),
        ("[[field]]\npath = 'n'\nkind = 'number'\n" * 2, "schema.toml: field 'n' stands twice"),
        ("[[field]]\npath = 'm'\nkind = 'number'", "has no field 'm'"),
        ("[[field]]\npath = 't'\nkind = 'export-time'", "give one the kind event-time"),
        ("[[field]]\npath = 'n'\nkind = 'counter'", "n cannot be counter: its steps are not all alike"),
        ("[[field]]\npath = 'f'\nkind = 'counter'", "f cannot be counter: 0.0 is not"),
        ("[[field]]\npath = 'name'\nkind = 'number'", "name cannot be number: 'Ann 0' is not"),
        ("[[field]]\npath = 'l'\nkind = 'list'\nkind_key = 'k'", "kind_key 'k' is missing from some items"),
        ("[[field]]\npath = 'l'\nkind = 'list'\nsorted_by = 'k'", "do not fall by numbers at 'k'"),
        (
            "[[field]]\npath = 't'\nkind = 'event-time'\n[[field]]\npath = 'n'\nkind = 'event-time'",
            "cannot be event-time",
        ),
    ],
)
def test_a_schema_that_cannot_be_is_refused_in_one_message(tmp_path, text, said):
    path = tmp_path / "schema.toml"
    path.write_text(text)
    recording = recording_of(MESSAGES)
    with pytest.raises(RecordingError) as error:
        learn_template(recording.messages, study(recording, read_schema(path)).schema)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_one_time_alone_may_be_the_events(tmp_path):
    path = tmp_path / "schema.toml"
    path.write_text("[[field]]\npath = 'a'\nkind = 'event-time'\n[[field]]\npath = 'b'\nkind = 'event-time'")
    recording = recording_of([{"a": 1_700_000_000 + i, "b": 1_700_000_009 + i} for i in range(30)])
    with pytest.raises(RecordingError, match="a and b are both event-time; one can be"):
        study(recording, read_schema(path))
