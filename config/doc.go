// Package config reads a service's configuration from its environment into plain structs, once, at the start.
//
//	type Config struct {
//		Database config.URL    `env:"DATABASE_URL" default:"sqlite:orders.db" help:"where orders are kept"`
//		Payments config.URL    `env:"PAYMENTS_URL" scheme:"http,https" help:"charges cards"`
//		Key      config.Secret `env:"PAYMENTS_KEY" default:"" help:"bearer token for payments"`
//		Workers  int           `env:"WORKERS" default:"4" min:"1" max:"64" help:"jobs at a time"`
//	}
//
// The rules are few, and the same for every variable:
//   - a field without a default tag is required;
//   - an empty value counts as no value: a required variable is missing, any other takes its default. Whatever can
//     be switched off is switched off by a word, never by an empty string;
//   - every fault is named at once, with the variable, what is wrong, and what to do about it: see [Error];
//   - a value that may be a credential is never printed, neither in a fault nor by fmt, slog or encoding/json: see
//     [Secret] and [URL];
//   - a variable of the PLIMSOLL_ family that nothing reads but that looks like a misspelt one is a fault, because a
//     guarantee that was configured and is not in force is worse than one that is off.
//
// A field may be a bool, string, number, [time.Duration], [log/slog.Level], one of this package's types, anything with
// UnmarshalText, or a slice of these, separated by commas. Numbers, durations and sizes may have min and max tags, a
// URL a scheme tag. A struct within a struct is walked, and its prefix tag, if
// any, is put before its variables' names. A struct that implements Faults() []Fault or Validate() error is asked
// for contradictions between its values after they have been read.
package config
