package config_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/plimsoll-go/plimsoll/config"
	"github.com/plimsoll-go/plimsoll/internal/assert"
)

type everything struct {
	Text     string          `env:"TEXT" default:"plain"`
	Flag     bool            `env:"FLAG" default:"false"`
	Count    int             `env:"COUNT" default:"4" min:"1" max:"64"`
	Small    int8            `env:"SMALL" default:"0" min:"-5"`
	Size     uint32          `env:"SIZE" default:"7"`
	Ratio    float64         `env:"RATIO" default:"0.5" max:"1"`
	Wait     time.Duration   `env:"WAIT" default:"2s" min:"1ms" max:"1m"`
	Level    slog.Level      `env:"LEVEL" default:"info"`
	Where    config.URL      `env:"WHERE" default:"sqlite:orders.db"`
	Key      config.Secret   `env:"KEY" default:""`
	Trust    config.Networks `env:"TRUST" default:"127.0.0.0/8,::1/128"`
	Body     config.Bytes    `env:"BODY" default:"1MiB" min:"1KiB"`
	Port     config.Port     `env:"THE_PORT" default:"8080"`
	Admin    config.Addr     `env:"ADMIN" default:":8081"`
	Names    []string        `env:"NAMES" default:""`
	Sizes    []config.Bytes  `env:"SIZES" default:"1KB, 2KB" max:"1MB"`
	Nested   nested          `prefix:"BILLING_"`
	Skipped  string          `env:"-"`
	Untagged string
}

type nested struct {
	Rate int `env:"RATE" default:"3"`
}

func TestDefaultsAreReadLikeValues(t *testing.T) {
	var c everything
	assert.NoError(t, config.Load(nil, &c))
	assert.Equal(t, c.Text, "plain")
	assert.Equal(t, c.Count, 4)
	assert.Equal(t, c.Wait, 2*time.Second)
	assert.Equal(t, c.Body, 1<<20)
	assert.Equal(t, c.Where.String(), "sqlite:orders.db")
	assert.True(t, c.Key.IsZero())
	assert.Equal(t, c.Trust.String(), "127.0.0.0/8,::1/128")
	assert.Equal(t, c.Sizes, []config.Bytes{1000, 2000})
	assert.Equal(t, c.Nested.Rate, 3)
}

func TestEveryKindOfValueIsRead(t *testing.T) {
	var c everything
	assert.NoError(t, config.Load([]string{
		"TEXT= as is ", "FLAG=true", "COUNT=64", "SMALL=-5", "SIZE=4294967295", "RATIO=0.25", "WAIT=1m", "LEVEL=warn",
		"WHERE=postgres://u:p@db:5432/x", "KEY=k1\n", "TRUST=none", "BODY=512KB", "THE_PORT=0", "ADMIN=[::1]:9",
		"NAMES=a, b,,c", "SIZES=1MB", "BILLING_RATE=9", "malformed", "=C:", "TEXT2=x",
	}, &c))
	assert.Equal(t, c.Text, " as is ")
	assert.True(t, c.Flag)
	assert.Equal(t, c.Count, 64)
	assert.Equal(t, c.Small, -5)
	assert.Equal(t, c.Size, 1<<32-1)
	assert.Equal(t, c.Ratio, 0.25)
	assert.Equal(t, c.Wait, time.Minute)
	assert.Equal(t, c.Level, slog.LevelWarn)
	assert.Equal(t, c.Where.Reveal(), "postgres://u:p@db:5432/x")
	assert.Equal(t, c.Key.Reveal(), "k1")
	assert.Len(t, c.Trust, 0)
	assert.Equal(t, c.Body, 512_000)
	assert.Equal(t, c.Port, 0)
	assert.Equal(t, c.Admin.String(), "[::1]:9")
	assert.Equal(t, c.Names, []string{"a", "b", "c"})
	assert.Equal(t, c.Sizes, []config.Bytes{1_000_000})
	assert.Equal(t, c.Nested.Rate, 9)
}

func TestAnEmptyValueIsNoValue(t *testing.T) {
	var c everything
	assert.NoError(t, config.Load([]string{"TEXT=", "WAIT=", "TRUST="}, &c))
	assert.Equal(t, c.Text, "plain")
	assert.Equal(t, c.Wait, 2*time.Second)
	assert.Len(t, c.Trust, 2)
}

func TestTheLastOfTwoEntriesCounts(t *testing.T) {
	var c everything
	assert.NoError(t, config.Load([]string{"COUNT=1", "COUNT=2"}, &c))
	assert.Equal(t, c.Count, 2)
}

func TestAllFaultsAreNamedAtOnce(t *testing.T) {
	var c struct {
		Payments config.URL `env:"PAYMENTS_URL" help:"charges cards"`
		Stock    config.URL `env:"STOCK_URL"`
	}
	var e everything
	err := config.Load([]string{"PAYMENTS_URL=", "THE_PORT=abc", "WAIT=5", "COUNT=0", "LEVEL=loud", "FLAG=maybe"}, &c, &e)
	all := assert.ErrorAs[*config.Error](t, err)
	assert.Equal(t, all.Faults, []config.Fault{
		{Variable: "PAYMENTS_URL", Problem: "is required and empty", Hint: "set it to a URL such as https://host:8443 (charges cards)"},
		{Variable: "STOCK_URL", Problem: "is required and not set", Hint: "set it to a URL such as https://host:8443"},
		{Variable: "FLAG", Problem: `"maybe" is neither true nor false`, Hint: "use true or false"},
		{Variable: "COUNT", Problem: `"0" is too small`, Hint: "use 1 to 64"},
		{Variable: "WAIT", Problem: `"5" is not a duration`, Hint: "add a unit, such as 5s or 5ms"},
		{Variable: "LEVEL", Problem: `"loud" is not a log level`, Hint: "use debug, info, warn or error"},
		{Variable: "THE_PORT", Problem: `"abc" is not a port`, Hint: "use a whole number from 0 to 65535"},
	})
	lines := strings.Split(err.Error(), "\n")
	assert.Len(t, lines, 8)
	assert.Equal(t, lines[0], "7 faults in the configuration")
	assert.Equal(t, lines[7], `  THE_PORT      "abc" is not a port: use a whole number from 0 to 65535`)
	assert.ErrorIs(t, err, error(all.Faults[6]))
}

func TestRefusedValues(t *testing.T) {
	for _, entry := range []string{
		"FLAG=yes", "COUNT=x", "COUNT=65", "COUNT=99999999999999999999", "COUNT=1e3", "SMALL=-6", "SMALL=128", "SIZE=-1", "SIZE=4294967296",
		"RATIO=NaN", "RATIO=Inf", "RATIO=1.1", "RATIO=-0.1", "WAIT=2", "WAIT=-1s", "WAIT=61s", "WAIT=2 s", "WAIT=999999h999999h",
		"BODY=1", "BODY=1m", "BODY=-1", "BODY=9999999999TiB", "BODY=1.5MiB", "BODY=MiB",
		"THE_PORT=65536", "THE_PORT=-1", "THE_PORT=+1", "THE_PORT= 80", "THE_PORT=http",
		"ADMIN=8081", "ADMIN=:", "ADMIN=:http", "ADMIN=:99999", "ADMIN=a b:1", "ADMIN=http://x:1",
		"TRUST=10.0.0.0/33", "TRUST=10.0.0.1/8", "TRUST=example.com", "TRUST=10.0.0.0/8,none", "TRUST=fe80::1%eth0",
		"SIZES=1KB,x", "SIZES=1KB,2MB", "BILLING_RATE=-3",
	} {
		t.Run(entry, func(t *testing.T) {
			name, value, _ := strings.Cut(entry, "=")
			all := assert.ErrorAs[*config.Error](t, config.Load([]string{entry}, new(everything)))
			assert.Len(t, all.Faults, 1)
			assert.Equal(t, all.Faults[0].Variable, name)
			assert.NotZero(t, all.Faults[0].Hint, "%q has no hint", value)
			assert.False(t, strings.ContainsAny(all.Faults[0].Error(), "\r\n"))
		})
	}
}

func TestAFaultStaysOnItsLine(t *testing.T) {
	err := config.Load([]string{"COUNT=1\n  ADMIN_TOKEN  is fine" + strings.Repeat("x", 1000)}, new(everything))
	assert.Len(t, strings.Split(err.Error(), "\n"), 2)
	assert.AtMost(t, len(err.Error()), 200)
}

type limits struct {
	Attempt time.Duration `env:"ATTEMPT" default:"1s"`
	Total   time.Duration `env:"TOTAL" default:"2s"`
}

func (l *limits) Faults() []config.Fault {
	if l.Attempt < l.Total {
		return nil
	}
	return []config.Fault{{Variable: "ATTEMPT", Problem: "is not less than TOTAL", Hint: "lower it, or raise TOTAL"}}
}

type Region struct {
	Home string `env:"HOME_REGION" default:"eu"`
	Far  string `env:"FAR_REGION" default:"us"`
}

func (r Region) Validate() error {
	var errs []error
	if r.Home == r.Far {
		errs = append(errs, errors.New("HOME_REGION and FAR_REGION are the same"))
	}
	if r.Home == "mars" {
		return fmt.Errorf("%w beside %w", errors.New("HOME_REGION"), errors.New("FAR_REGION"))
	}
	if r.Home == "moon" {
		errs = append(errs, fmt.Errorf("nobody serves %w", errors.New("the moon")))
	}
	return errors.Join(errs...)
}

func TestContradictionsAreFaults(t *testing.T) {
	var c struct {
		Limits limits
		Region // its method is promoted, and is not asked twice
	}
	err := config.Load([]string{"ATTEMPT=3s", "HOME_REGION=moon", "FAR_REGION=moon"}, &c)
	all := assert.ErrorAs[*config.Error](t, err)
	assert.Equal(t, all.Faults, []config.Fault{
		{Problem: "HOME_REGION and FAR_REGION are the same"},
		{Problem: "nobody serves the moon"},
		{Variable: "ATTEMPT", Problem: "is not less than TOTAL", Hint: "lower it, or raise TOTAL"},
	})
}

func TestWhatFollowsFromAFaultIsNotRepeated(t *testing.T) {
	var c limits
	all := assert.ErrorAs[*config.Error](t, config.Load([]string{"ATTEMPT=soon", "TOTAL=1ms"}, &c))
	assert.Len(t, all.Faults, 1)
	assert.Equal(t, all.Faults[0].Problem, `"soon" is not a duration`)

	var both struct {
		Region
		Port config.Port `env:"HOME_REGIO" default:"1"`
	}
	all = assert.ErrorAs[*config.Error](t, config.Load([]string{"HOME_REGION=mars", "HOME_REGIO=x"}, &both))
	assert.Len(t, all.Faults, 2, "what is only similar in name does not follow")
	assert.Equal(t, all.Faults[1].Problem, "HOME_REGION beside FAR_REGION")
	var broken struct {
		Region
		Far config.Port `env:"FAR_REGION" default:"1"`
	}
	all = assert.ErrorAs[*config.Error](t, config.Load([]string{"HOME_REGION=mars"}, &broken))
	assert.Len(t, all.Faults, 1, "the variable is claimed twice, and that is all")
}

func TestFaultsOfTheStructsThemselves(t *testing.T) {
	type hidden struct {
		value string `env:"HIDDEN"`
	}
	type odd struct {
		Map     map[string]string `env:"MAP"`
		Chan    chan int          `env:"CHAN"`
		Lists   [][]string        `env:"LISTS"`
		Name    string            `env:"NOT A NAME"`
		Default int               `env:"DEFAULTED" default:"many"`
		Bound   int               `env:"BOUND" default:"1" max:"much"`
		NoOrder string            `env:"NO_ORDER" default:"" min:"a"`
		Twice   int               `env:"TWICE" default:"1"`
		NoURL   string            `env:"NO_URL" default:"" scheme:"http"`
	}
	type other struct {
		Twice int `env:"TWICE" default:"2"`
	}
	_ = hidden{value: ""}.value
	err := config.Load(nil, &hidden{}, &odd{}, &other{}, odd{}, nil, (*odd)(nil), new(int))
	for _, part := range []string{
		"HIDDEN     is claimed by config_test.hidden.value, which is unexported",
		"MAP        is read into config_test.odd.Map, whose type map[string]string cannot be",
		"CHAN       is read", "LISTS      is read", `config_test.odd.Name reads "NOT A NAME", which no variable can be called`,
		`DEFAULTED  has a default that cannot be used: "many" is not a whole number`,
		`BOUND      has a bound on config_test.odd.Bound that "much" is not a whole number`,
		"NO_ORDER   has a min or max tag", "NO_URL     has a scheme tag",
		"TWICE      is claimed by config_test.odd.Twice and by config_test.other.Twice",
		"not config_test.odd", "not <nil>", "not *int",
	} {
		assert.Contains(t, err.Error(), part)
	}
	assert.Len(t, assert.ErrorAs[*config.Error](t, err).Faults, 14)
}

type picky struct{}

func (p *picky) UnmarshalText(text []byte) error { return fmt.Errorf(p.reasonFor(string(text)), text) }

func (p *picky) reasonFor(raw string) string {
	if raw == "quiet" {
		return "no such thing%.0s"
	}
	return "cannot use %s"
}

func TestAForeignTypesErrorDoesNotRepeatTheValue(t *testing.T) {
	var c struct {
		Picky picky `env:"PICKY" default:""`
	}
	assert.NotContains(t, config.Load([]string{"PICKY=hunter2"}, &c).Error(), "hunter2")
	assert.Contains(t, config.Load([]string{"PICKY=quiet"}, &c).Error(), "is not a valid picky: no such thing")
}
