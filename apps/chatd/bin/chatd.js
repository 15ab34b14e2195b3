#!/usr/bin/env node
// Checked in, so that package managers can link the command before it is built.
import "../dist/main.js";
