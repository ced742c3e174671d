package schema

import "strings"

// The functions of this file look at single lines of broken YAML. Columns
// count from 1; an end is the column behind the last character.

func blank(r rune) bool { return r == ' ' || r == '\t' }

// indentOf is the column of a line's first character that is not blank.
func indentOf(line []rune) int {
	for i, r := range line {
		if !blank(r) {
			return i + 1
		}
	}
	return len(line) + 1
}

func isDash(line []rune, col int) bool {
	return col <= len(line) && line[col-1] == '-' && (col == len(line) || blank(line[col]))
}

// entry finds where the first key of a line begins, dashes left out, and its
// value; without a key, value is where the text begins. Both are 0 for a blank line.
func entry(line []rune) (key, value int) {
	key = indentOf(line)
	for isDash(line, key) {
		key += indentOf(line[key:])
	}
	if key > len(line) {
		return 0, 0
	}
	i := key - 1
	if q := line[i]; q == '"' || q == '\'' {
		for i++; i < len(line) && line[i] != q; i++ {
			if q == '"' && line[i] == '\\' {
				i++
			}
		}
	} else if strings.ContainsRune("[{", q) {
		return key, key
	}
	for ; i < len(line); i++ {
		switch {
		case line[i] == ':' && (i+1 == len(line) || blank(line[i+1])):
			return key, i + 1 + indentOf(line[i+1:])
		case line[i] == '#' && i > 0 && blank(line[i-1]):
			return key, key
		}
	}
	return key, key
}

func valueOf(line []rune) int {
	_, value := entry(line)
	return min(value, len(line))
}

// textEnd is the end of the plain text that begins in a column: before a
// comment, and inside brackets before what ends an element. What stands inside
// ${ } is passed over.
func textEnd(line []rune, from int, flow bool) int {
	end, depth, quote := from, 0, rune(0)
	for i := from - 1; i < len(line); i++ {
		switch c := line[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case depth > 0 && (c == '"' || c == '\''):
			quote = c
		case c == '{' && (depth > 0 || i > 0 && line[i-1] == '$'):
			depth++
		case c == '}' && depth > 0:
			depth--
		case depth > 0:
		case flow && strings.ContainsRune(",]}", c), c == '#' && i > 0 && blank(line[i-1]):
			return end
		}
		if !blank(line[i]) {
			end = i + 2
		}
	}
	return end
}

// flowTextStart goes back from a column to where the text begins that it is in.
func flowTextStart(line []rune, col int) int {
	from := col
	for from > 1 && !strings.ContainsRune(",[{", line[from-2]) && !(blank(line[from-2]) && from > 2 && line[from-3] == ':') {
		from--
	}
	for from < col && blank(line[from-1]) {
		from++
	}
	return from
}

// flowTextEnd is the end of text inside brackets that has brackets of its own,
// such as a path: before what ends a key or an element.
func flowTextEnd(line []rune, from int) int {
	end, depth := from, 0
	for i := from - 1; i < len(line); i++ {
		switch c := line[i]; {
		case c == '[' || c == '{':
			depth++
		case (c == ']' || c == '}') && depth > 0:
			depth--
		case depth > 0:
		case strings.ContainsRune(",]}", c), c == ':' && (i+1 == len(line) || blank(line[i+1])):
			return end
		}
		if !blank(line[i]) {
			end = i + 2
		}
	}
	return end
}

// bracketEnd is the end of the bracket that begins in a column, 0 when the
// line does not close it.
func bracketEnd(line []rune, from int) int {
	depth := 0
	for i := from - 1; i < len(line); i++ {
		switch line[i] {
		case '[', '{':
			depth++
		case ']', '}':
			if depth--; depth == 0 {
				return i + 2
			}
		}
	}
	return 0
}

// openBrackets are the columns of the brackets that are open at a column.
func openBrackets(line []rune, col int) []int {
	var open []int
	for i := 0; i < col-1 && i < len(line); i++ {
		switch c := line[i]; {
		case c == '[' || c == '{':
			open = append(open, i+1)
		case (c == ']' || c == '}') && len(open) > 0:
			open = open[:len(open)-1]
		case c == '"' || c == '\'':
			if i == 0 || strings.ContainsRune(" \t[{,", line[i-1]) {
				for i++; i < len(line) && line[i] != c; i++ {
				}
			}
		}
	}
	return open
}

// inQuotesAt is the column of the quote that is open at a column, 0 without one.
func inQuotesAt(line []rune, col int) int {
	for i := 0; i < col-1 && i < len(line); i++ {
		c := line[i]
		if c != '"' && c != '\'' || i > 0 && !strings.ContainsRune(" \t[{,", line[i-1]) {
			continue
		}
		from := i + 1
		for i++; i < len(line) && line[i] != c; i++ {
		}
		if i >= col-1 {
			return from
		}
	}
	return 0
}

// commentAt is the column of the # that begins a comment behind a column, 0 without one.
func commentAt(line []rune, col int) int {
	for i := col; i < len(line); i++ {
		if line[i] == '#' && blank(line[i-1]) && inQuotesAt(line, i+1) == 0 {
			return i + 1
		}
	}
	return 0
}
