// This file lets upstream.go declare functions without bodies, which are those of another package.
