# Package

version       = "0.0.0"
author        = "The @chat contributors"
description   = "Cuts payloads into segments that fit a Waku message and puts them together again (LIP-243), with parity and against forgeries"
license       = "MIT OR Apache-2.0"
srcDir        = "src"
installExt    = @["nim"]
namedBin      = {"segmentation_cli": "segmentation"}.toTable

# Dependencies: none but the standard library

requires "nim >= 1.6.10"
