// A library needs one source; folders that hold only headers use this one.
