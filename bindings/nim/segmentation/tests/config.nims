switch("define", "release")
