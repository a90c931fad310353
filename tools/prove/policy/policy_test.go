package policy_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
)

func TestSizes(t *testing.T) {
	for text, want := range map[string]policy.Size{"0B": 0, "512B": 512, "64KiB": 64 << 10, "8MiB": 8 << 20, "1GiB": 1 << 30} {
		var s policy.Size
		assert.NoError(t, s.UnmarshalText([]byte(text)), text)
		assert.Equal(t, s, want, text)
		assert.Equal(t, s.String(), text)
	}
	for _, text := range []string{"", "8", "8MB", "-1B", "x KiB", "99999999999GiB", "1.5MiB"} {
		var s policy.Size
		assert.Error(t, s.UnmarshalText([]byte(text)), text)
	}
	assert.Equal(t, policy.Size(1536).String(), "1536B")
}

// TestEveryNumberIsApplied sets each number alone and wants exactly one limit to change its source.
func TestEveryNumberIsApplied(t *testing.T) {
	numbers := reflect.TypeFor[policy.Numbers]()
	for i := range numbers.NumField() {
		var n policy.Numbers
		field := reflect.ValueOf(&n).Elem().Field(i)
		field.Set(reflect.New(field.Type().Elem()))
		p := policy.Standard()
		p.Apply(policy.Manifest, n)
		changed := 0
		limits := reflect.ValueOf(p)
		for k := range limits.NumField() {
			source := limits.Field(k).FieldByName("Source")
			if source.IsValid() && source.Interface() == policy.Manifest {
				changed++
				assert.Equal(t, limits.Type().Field(k).Name, numbers.Field(i).Name)
			}
		}
		assert.Equal(t, changed, 1, numbers.Field(i).Name)
	}
}

func TestAPolicySurvivesItsRunFile(t *testing.T) {
	p := policy.Standard()
	deadline := 5 * time.Second
	p.Apply(policy.Spec, policy.Numbers{Deadline: &deadline})
	text, err := json.Marshal(p)
	assert.NoError(t, err)
	var back policy.Policy
	assert.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, back, p)
}

func TestSlack(t *testing.T) {
	for limit, want := range map[time.Duration]time.Duration{
		time.Millisecond: 100 * time.Millisecond, 5 * time.Second: 500 * time.Millisecond, time.Hour: 2 * time.Second,
	} {
		assert.Equal(t, policy.Time{Value: limit}.Slack(), want)
	}
}

func FuzzSize(f *testing.F) {
	f.Add("64KiB")
	f.Add("1B")
	f.Fuzz(func(t *testing.T, text string) {
		var s, back policy.Size
		if s.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := back.UnmarshalText([]byte(s.String())); err != nil || back != s {
			t.Errorf("%q became %v, which reads as %v, %v", text, s, back, err)
		}
	})
}
