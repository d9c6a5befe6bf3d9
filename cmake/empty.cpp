// A library needs one source; folders that hold only headers, and the umbrella target, use this one.
