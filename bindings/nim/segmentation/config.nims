switch("mm", "orc")
switch("passC", "-O3")
