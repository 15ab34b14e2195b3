switch("mm", "orc")
