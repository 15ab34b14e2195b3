## The example in the README compiles, and says what it is expected to.
import std/[os, osproc, strutils, unittest]

test "the example":
  let home = currentSourcePath().parentDir.parentDir
  let readme = readFile(home / "README.md")
  let example = readme.split("```nim\n")[1].split("```")[0]
  let folder = getTempDir() / "segmentation-readme-" & $getCurrentProcessId()
  createDir folder
  defer: removeDir folder
  writeFile(folder / "example.nim", example)
  let arguments = " c -r --hints:off --warnings:off --mm:orc --path:" & quoteShell(home / "src") & " --nimcache:" &
    quoteShell(folder / "cache") & " " & quoteShell(folder / "example.nim")
  let (output, code) = execCmdEx(getCurrentCompilerExe() & arguments)
  check code == 0
  check output.strip.splitLines[^1] == "whole: 1000000 bytes, without the first segment"
  check "9 arrived, 1 to go" in output
