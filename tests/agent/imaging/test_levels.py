from agent.imaging.levels import Levels
from tests.made_pictures import backdrop, plain


def test_a_picture_is_made_once_until_memory_is_full_and_then_the_least_used_is_let_go():
    levels, made = Levels(3 * 400), []

    def get(key: str) -> None:
        levels.get(key, lambda: made.append(key) or plain((10, 10)))

    for key in "abcabc":
        get(key)
    assert (made, levels.held_bytes) == (["a", "b", "c"], 1200)
    get("a")
    get("d")
    assert (made, levels.held_bytes) == (["a", "b", "c", "d"], 1200)
    for key in "acd":
        get(key)
    assert made == ["a", "b", "c", "d"]
    get("b")
    assert made == ["a", "b", "c", "d", "b"]


def test_a_picture_larger_than_all_memory_is_kept_alone():
    levels = Levels(1000)
    levels.get("small", lambda: plain((10, 10)))
    large = levels.get("large", lambda: plain((100, 100)))
    assert levels.held_bytes == 40_000
    assert levels.get("large", lambda: plain((1, 1))) is large
    levels.get("small", lambda: plain((10, 10)))
    assert levels.held_bytes == 400


def test_the_canvas_is_a_copy_of_the_background_whatever_was_on_it():
    levels = Levels()
    for size in ((320, 180), (320, 180), (100, 50), (320, 180)):
        background = backdrop(size)
        canvas = levels.canvas(background)
        assert canvas is not background
        assert (canvas.size, canvas.tobytes()) == (size, background.tobytes())
        canvas.paste((250, 250, 250), (0, 0, 50, 50))
        assert background.tobytes() == backdrop(size).tobytes()


def test_pictures_of_one_size_are_composed_in_the_same_place():
    levels = Levels()
    canvas = levels.canvas(backdrop())
    assert levels.canvas(plain((320, 180))) is canvas
    assert levels.held_bytes == 0
