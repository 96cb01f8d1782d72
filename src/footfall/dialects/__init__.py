"""Other ways to say what happened: bodies of other systems, translated into V3 events, with replies of their own."""
