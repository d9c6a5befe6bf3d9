// The words of the command line. Each is one file of this folder, named after it.
#pragma once

namespace securecart::cli {

// Parses the arguments and runs the word they name. The exit status: 0 went well, 1 the command ran
// and found something wrong (a check failed), 2 it could not run (bad arguments, no such file, no
// answer).
int run(int argc, char** argv);

}  // namespace securecart::cli
