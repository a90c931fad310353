package spec

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/plimsoll-go/plimsoll/tools/prove/policy"
)

// File is the name of the description inside a service's folder.
const File = "plimsoll.yaml"

// Error is one thing that is wrong with a description.
type Error struct {
	File    string
	Line    int // 0: the file as a whole
	Problem string
	Hint    string // what to write instead
}

func (e *Error) Error() string {
	where := e.File
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	if e.Hint == "" {
		return where + ": " + e.Problem
	}
	return where + ": " + e.Problem + "; " + e.Hint
}

// Load reads the description in the folder dir. Every error is an *Error with the line and what to do.
func Load(dir string) (*Service, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return nil, &Error{File: dir, Problem: "no such folder", Hint: "name the folder that holds the service and its " + File}
	}
	if !info.IsDir() {
		return nil, &Error{File: dir, Problem: "not a folder", Hint: "name the folder that holds " + File}
	}
	path := filepath.Join(dir, File)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &Error{File: path, Problem: "there is none",
			Hint: "write one with name, run and one operation; `go doc github.com/plimsoll-go/plimsoll/tools/prove/spec` shows all of it"}
	}
	if err != nil {
		return nil, &Error{File: path, Problem: fmt.Sprintf("read: %v", err)}
	}
	return Parse(path, text)
}

// Parse reads a description. The file's name is only used in errors.
func Parse(file string, text []byte) (*Service, error) {
	tree, err := parse(text)
	if err != nil {
		return nil, located(finder{file: file}, err)
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil || tree.Docs[0].Body.Type() == ast.NullType {
		return nil, &Error{File: file, Problem: "empty, or more than one document", Hint: "start with name: and run:"}
	}
	s := &Service{Attack: policy.Standard().Plan}
	if err := decode(tree.Docs[0].Body, s); err != nil {
		return nil, located(finder{file: file, tree: tree}, err)
	}
	s.fill()
	if err := s.validate(finder{file: file, tree: tree}); err != nil {
		return nil, err
	}
	return s, nil
}

// parse and decode turn a panic of the YAML library, which tags without a value bring about, into an error.
func parse(text []byte) (tree *ast.File, err error) {
	defer recovered(&err)
	return parser.ParseBytes(text, 0)
}

func decode(node ast.Node, s *Service) (err error) {
	defer recovered(&err)
	return yaml.NodeToValue(node, s, yaml.DisallowUnknownField())
}

func recovered(err *error) {
	if recover() != nil {
		*err = errors.New("this is no YAML that can be read")
	}
}

// fill writes the defaults that depend on nothing but the description.
func (s *Service) fill() {
	orElse := func(value *string, otherwise string) {
		if *value == "" {
			*value = otherwise
		}
	}
	orElse(&s.Listen.Env, "PORT")
	orElse(&s.Listen.Value, "{{port}}")
	port := "service"
	if s.Admin != nil {
		orElse(&s.Admin.Env, "ADMIN_ADDR")
		orElse(&s.Admin.Value, "127.0.0.1:{{admin_port}}")
		port = "admin"
	}
	orElse(&s.Health.Port, port)
	for i := range s.Operations {
		op := &s.Operations[i]
		orElse(&op.Request.Method, "GET")
		op.Request.Method = strings.ToUpper(op.Request.Method)
		if op.Kind == "" && op.Request.Method == "GET" {
			op.Kind = Read
		}
	}
	for i := range s.Deps {
		dep := &s.Deps[i]
		orElse(&dep.Kind, "http")
		orElse(&dep.Value, "{{url}}")
		for k := range dep.Respond {
			if dep.Respond[k].Status == 0 {
				dep.Respond[k].Status = 200
			}
		}
	}
}

// located turns what the YAML library reports into one line with its place.
func located(at finder, err error) error {
	out := &Error{File: at.file, Problem: firstLine(err.Error()), Hint: "write it as in `go doc github.com/plimsoll-go/plimsoll/tools/prove/spec`"}
	var placed yaml.Error
	var unknown *yaml.UnknownFieldError
	var wrong *yaml.TypeError
	if errors.As(err, &placed) {
		out.Problem = firstLine(placed.GetMessage())
		if token := placed.GetToken(); token != nil && token.Position != nil {
			out.Line = token.Position.Line
		}
	}
	switch {
	case errors.As(err, &unknown) && unknown.Token != nil:
		name := strings.Trim(unknown.Token.Value, `"' `)
		out.Problem, out.Hint = fmt.Sprintf("unknown key %q", name), suggest(name)
	case errors.As(err, &wrong) && wrong.Token != nil:
		out.Problem, out.Hint = fmt.Sprintf("%q is not %s", wrong.Token.Value, describe(wrong.DstType)), ""
	case strings.HasPrefix(out.Problem, "time: "):
		out.Problem, out.Hint = strings.TrimPrefix(out.Problem, "time: "), "write a number with its unit, such as 500ms or 5s"
	case strings.Contains(out.Problem, "; "): // it says itself what to write
		out.Hint = ""
	}
	if out.Line == 0 {
		out.Line = at.quoted(out.Problem)
	}
	return out
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// describe names a type for a person who writes YAML.
func describe(t reflect.Type) string {
	switch {
	case t.Name() == "Duration":
		return "a duration such as 500ms or 5s"
	case t.Kind() == reflect.Map || t.Kind() == reflect.Struct:
		return "a set of keys"
	case t.Kind() == reflect.Slice:
		return "a list"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String:
		return "text"
	}
	return "a number"
}
