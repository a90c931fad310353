package budget

import "strings"

// parseInteger reads an RFC 9651 item that is an integer: up to 15 digits with an optional "-", then parameters,
// which are checked and ignored, so that a later version may add some.
func parseInteger(v string) (int64, bool) {
	v = strings.Trim(v, " ")
	rest := strings.TrimPrefix(v, "-")
	end := span(rest, isDigit)
	if end == 0 || end > 15 || !isParameters(rest[end:]) {
		return 0, false
	}
	var n int64
	for i := range end {
		n = n*10 + int64(rest[i]-'0')
	}
	if len(rest) < len(v) {
		n = -n
	}
	return n, true
}

// isParameters checks *( ";" *SP key [ "=" bare-item ] ), RFC 9651 section 3.1.2.
func isParameters(v string) bool {
	for v != "" {
		if v[0] != ';' {
			return false
		}
		v = strings.TrimLeft(v[1:], " ")
		end := span(v, isKey)
		if end == 0 || v[0] != '*' && !isLower(v[0]) {
			return false
		}
		v = v[end:]
		if strings.HasPrefix(v, "=") {
			size := bareItem(v[1:])
			if size == 0 {
				return false
			}
			v = v[1+size:]
		}
	}
	return true
}

// bareItem returns the length of the bare item that v begins with (RFC 9651 section 3.3), 0 when there is none.
func bareItem(v string) int {
	if v == "" {
		return 0
	}
	switch c := v[0]; {
	case c == '-' || isDigit(c):
		return number(v)
	case c == '"':
		return quoted(v)
	case c == '%' && len(v) > 1 && v[1] == '"': // a display string holds no unescaped quote
		if end := strings.IndexByte(v[2:], '"'); end >= 0 {
			return end + 3
		}
	case c == ':':
		end := 1 + span(v[1:], isBase64)
		if end < len(v) && v[end] == ':' {
			return end + 1
		}
	case c == '?':
		if len(v) > 1 && (v[1] == '0' || v[1] == '1') {
			return 2
		}
	case c == '@':
		if size := number(v[1:]); size > 0 {
			return 1 + size
		}
	case c == '*' || isLower(c) || c >= 'A' && c <= 'Z':
		return span(v, isToken)
	}
	return 0
}

// number returns the length of an integer or decimal.
func number(v string) int {
	sign := 0
	if v != "" && v[0] == '-' {
		sign = 1
	}
	whole := span(v[sign:], isDigit)
	if whole == 0 || whole > 15 {
		return 0
	}
	end := sign + whole
	if end == len(v) || v[end] != '.' {
		return end
	}
	fraction := span(v[end+1:], isDigit)
	if whole > 12 || fraction == 0 || fraction > 3 {
		return 0
	}
	return end + 1 + fraction
}

// quoted returns the length of a string.
func quoted(v string) int {
	for i := 1; i < len(v); i++ {
		switch c := v[i]; {
		case c == '"':
			return i + 1
		case c == '\\':
			i++
			if i == len(v) || v[i] != '"' && v[i] != '\\' {
				return 0
			}
		case c < ' ' || c > '~':
			return 0
		}
	}
	return 0
}

// span returns how many leading bytes of v are of the class.
func span(v string, class func(byte) bool) int {
	for i := range len(v) {
		if !class(v[i]) {
			return i
		}
	}
	return len(v)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLower(c byte) bool { return c >= 'a' && c <= 'z' }

func isAlphanumeric(c byte) bool { return isDigit(c) || isLower(c) || c >= 'A' && c <= 'Z' }

func isKey(c byte) bool { return isDigit(c) || isLower(c) || strings.IndexByte("_-.*", c) >= 0 }

func isBase64(c byte) bool { return isAlphanumeric(c) || strings.IndexByte("+/=", c) >= 0 }

func isToken(c byte) bool { return isAlphanumeric(c) || strings.IndexByte("!#$%&'*+-.^_`|~:/", c) >= 0 }
