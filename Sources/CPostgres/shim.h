// The client library of PostgreSQL. pkg-config knows where it lies.
#pragma once

#include <libpq-fe.h>
