package training

import (
	"testing"

	"joule/configs"
)

// Older checkpoints have the number of devices in the checksum of their config: that of the run before it goes on.
func TestFormerChecksum(t *testing.T) {
	then, err := configs.Load("old-faithful/mle", nil)
	if err != nil {
		t.Fatal(err)
	}
	now := *then
	then.Train.Devices, now.Train.Devices = 4, 1
	got, err := (&Resumption{Config: then}).formerly(&now)
	want, wantErr := then.Checksum(func(key string) bool { return mayChange(key) && key != "train.devices" })
	today, todayErr := now.Checksum(mayChange)
	if err != nil || wantErr != nil || todayErr != nil || got != want || got == today {
		t.Errorf("%s, want %s and not today's %s; %v, %v, %v", got, want, today, err, wantErr, todayErr)
	}
}
