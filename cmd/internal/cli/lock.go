package cli

import "time"

// patience is how long another process may take to leave what it has locked.
const patience = time.Minute

// AwaitLock takes a lock, once another process has left it that still saves what it has.
func AwaitLock(lock func() (release func(), err error)) (release func(), err error) {
	for deadline := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		if release, err = lock(); err == nil || time.Now().After(deadline) {
			return release, err
		}
	}
}
