import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.declare.patterns import text_of


@pytest.mark.parametrize(
    "pattern",
    [
        "WS-[A-F0-9]{6}",
        r"\d{4}-\w",
        r"[a\-z]{8}",
        r"[\d-]{3}",
        r"[-a]{4}",
        r"[\w.]{20}",
        r"\[x\]\.\{\}\\",
        "[ab]c{3}d",
        "é[à-ü]{3}",
    ],
)
def test_a_text_is_one_that_the_expression_matches_and_every_character_of_a_set_comes(pattern):
    texts = text_of(pattern).fresh(range(2000), 7)
    assert all(re.fullmatch(pattern, text) for text in texts)
    assert len(set(texts)) > 1 or "[" not in pattern.replace(r"\[", "")


def test_every_character_of_a_set_comes_as_often():
    texts = "".join(text_of("[a-cX]{5}").fresh(range(4000), 1))
    assert [texts.count(mark) / len(texts) for mark in "abcX"] == pytest.approx([0.25] * 4, abs=0.015)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("", "not understood"),
        ("a+", r"not understood at '\+'"),
        ("(ab)", r"not understood at '\(ab\)'"),
        ("a|b", r"not understood at '\|b'"),
        ("a{2,3}", r"not understood at '\{2,3\}'"),
        ("[abc", "not understood"),
        ("[^a]", "says what does not stand there"),
        ("[z-a]", "z-a is no span"),
        (r"[\d-z]", "is no span"),
        (r"\n", r"\\n is not understood"),
        (r"[\s]", r"\\s is not understood"),
        ("a{0}", "be 1 or more"),
        ("a{9999}", "must give 1 to 4096 characters"),
        ("a{4096}b", "must give 1 to 4096 characters"),
        ("a{12345}", r"not understood at '\{12345\}'"),
        ("a{٣}", "not understood at '{٣}'"),
        ("a{2}{3}", r"not understood at '\{3\}'"),
        ("ab\\", "not understood at"),
        ("[]a]", r"not understood at '\[\]a\]'"),
        ("WS-[A-F0-9]{6}.", r"not understood at '\.'"),
        ("[ -ÿ]", "at most 128 printable characters"),
        ("[一-龥]", "at most 128 printable characters"),
        ("a\n", "printable"),
        ("[\t]", "printable"),
    ],
)
def test_what_says_more_than_what_stands_at_each_place_is_refused(pattern, said):
    with pytest.raises(ValueError, match=said):
        text_of(pattern)


PARTS = st.sampled_from([r"\d", r"\w", "x", "é", "-", r"\.", "[a-f]", r"[\d.]", r"[\]\\^-]", "[ß-ü_]", r"[\--/]"])


@given(st.lists(st.tuples(PARTS, st.integers(1, 20) | st.none()), min_size=1, max_size=8))
def test_whatever_is_supported_may_follow_each_other(parts):
    pattern = "".join(part if count is None else f"{part}{{{count}}}" for part, count in parts)
    (text,) = text_of(pattern).fresh([1], 5)
    assert re.fullmatch(pattern, text)
    assert len(text) == sum(count or 1 for _, count in parts)


@pytest.mark.parametrize(
    "pattern", [r"\w", r"\d", r"[\w.]", "[a-cb-d]", "[aab]", "[a-a]", "[--a]", r"[+\-*]", "[a-c-e]", r"[\^a]", "[é-ü]"]
)
def test_a_set_gives_every_character_that_the_expression_matches_and_no_other(pattern):
    some = [chr(code) for code in range(0x100)]
    assert sorted(text_of(pattern).runs[0].alphabet) == [m for m in some if re.fullmatch(pattern, m, re.ASCII)]


@given(st.text(max_size=12) | st.text(r"ab-[]\dw{}12^.٣&|~", max_size=12))
def test_any_pattern_is_refused_or_means_what_it_means_everywhere(pattern):
    try:
        made, refusal = text_of(pattern), ""
    except ValueError as error:
        made, refusal = None, str(error)
    if made is None:
        assert refusal.startswith(f"pattern = {pattern!r}: ")
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of sets such as [[a] and [a&&b], which may mean more one day
        assert all(re.fullmatch(pattern, text) for text in made.fresh(range(20), 3))
