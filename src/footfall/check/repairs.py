"""What a reader of documents takes although it is no JSON: for each code what it is, and what to write instead."""

REPAIRS = {
    "trailing_comma": ("A comma stands before a closing bracket.", "Remove the comma."),
    "stray_comma": ("A comma stands where there is nothing to separate.", "Remove the comma."),
    "comment": ("JSON has no comments.", "Remove the comment before sending this."),
    "bare_placeholder": ("A placeholder stands without quotes.", "Put a value in its place before sending this."),
    "bare_key": ("A key stands without quotes.", "Put the key in double quotes."),
    "single_quotes": ("A text stands in single quotes.", "Use double quotes."),
    "smart_quotes": ("A text stands in typographic quotes.", "Use straight double quotes."),
    "control_character": ("A control character such as a tab stands in a text.", "Write it as an escape: \\t."),
    "odd_space": ("A space stands here that JSON does not know.", "Use plain spaces."),
    "ellipsis": ("Something was left out here.", "Write the whole event before sending this."),
    "python_literal": ("A literal is Python's.", "Write true, false or null."),
}
