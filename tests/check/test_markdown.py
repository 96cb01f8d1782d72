"""The JSON of a Markdown document is read, each block for itself, and lines keep their numbers."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.check.markdown import fences, is_markdown


def found(text: str, size: int = 1 << 20) -> list[tuple[int, str]]:
    data = text.encode()
    blocks: Iterator[bytes] = (data[start : start + size] for start in range(0, len(data), size))
    return [(fence.place.line, fence.text.decode()) for fence in fences(blocks)]


DOCUMENT = """\
# Events

Send this:

```
{"a": 1}
```

~~~~json
{"b": 2}
~~~
~~~~

  ```jsonc {title="x"}
  // c
  {"c": 3,}
  ```

```sh
{ echo; }
```

```
$ footfall check
```

```js
send({"d": 4})
```

``` JSON
"e"
```
```
[5]
"""


@pytest.mark.parametrize("size", [1, 10, 1 << 20])
def test_blocks_that_are_json_are_read_with_their_lines(size: int) -> None:
    assert found(DOCUMENT, size) == [
        (6, '{"a": 1}\n'),
        (10, '{"b": 2}\n~~~\n'),
        (15, '  // c\n  {"c": 3,}\n'),
        (32, '"e"\n'),
        (35, "[5]\n"),
    ]


def test_a_document_is_told_from_json() -> None:
    assert is_markdown(DOCUMENT.encode())
    assert not is_markdown(b'{"a": "```"}\n{"b": "\\n```\\n"}')


@given(st.lists(st.sampled_from(["```", "~~~", "````json", "```\r", "{}", "", " ", "x", "  ```"])), st.integers(1, 9))
def test_no_document_makes_it_fail(lines: list[str], size: int) -> None:
    text = "\n".join(lines)
    for line, block in found(text, size):
        assert text.split("\n")[line - 1 : line] == block.split("\n")[:1]
