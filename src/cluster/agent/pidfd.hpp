// sys/pidfd.h of glibc 2.36 forgets that C++ may include it.
#pragma once

extern "C" {
#include <sys/pidfd.h>
}
