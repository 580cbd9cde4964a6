using System.Buffers;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>
/// PostgreSQL's lexer (src/backend/parser/scan.l of versions 12 to 18; documentation 4.1) over a text without NUL.
/// Where versions differ in what they accept, the tokens are those of the versions that accept it; the others refuse the whole text.
/// </summary>
internal ref struct SqlLexer
{
    private const byte Space = 1, IdentStart = 2, Digit = 4, OpChar = 8, IdentPart = 16;

    /// <summary>NAMEDATALEN: a longer operator is an error.</summary>
    private const int MaxOperator = 63;

    private static readonly byte[] Classes = BuildClasses();
    private static readonly SearchValues<byte> Newlines = SearchValues.Create("\n\r"u8);
    private static readonly SearchValues<byte> CommentMarks = SearchValues.Create("*/"u8);

    private readonly ReadOnlySpan<byte> _text;
    private readonly TriState _standardStrings;
    private int _pos;

    public SqlLexer(ReadOnlySpan<byte> text, TriState standardStrings)
    {
        _text = text;
        _standardStrings = standardStrings;
    }

    public readonly ReadOnlySpan<byte> Text => _text;

    /// <summary>Goes back to the start of a token.</summary>
    public void MoveTo(int position) => _pos = position;

    /// <summary>Reads the next token. After <see cref="SqlTokenKind.Bad"/> the text is not to be read any further.</summary>
    public void Next(out SqlToken token)
    {
        token = default;
        if (!SkipSpace())
        {
            token.Kind = SqlTokenKind.Bad;
            token.Start = token.End = _text.Length;
            return;
        }

        token.Start = _pos;
        if (_pos < _text.Length)
            token.Kind = Classify(ref token);
        token.End = _pos;
    }

    private SqlTokenKind Classify(ref SqlToken token)
    {
        byte first = _text[_pos];
        byte kind = Classes[first];
        if ((kind & IdentStart) != 0)
            return WordOrPrefixed(ref token, first);
        if ((kind & Digit) != 0)
            return Number();
        if ((kind & OpChar) != 0)
            return Operator();

        switch (first)
        {
            case (byte)',': _pos++; return SqlTokenKind.Comma;
            case (byte)'(': _pos++; return SqlTokenKind.OpenParen;
            case (byte)')': _pos++; return SqlTokenKind.CloseParen;
            case (byte)'[': _pos++; return SqlTokenKind.OpenBracket;
            case (byte)']': _pos++; return SqlTokenKind.CloseBracket;
            case (byte)';': _pos++; return SqlTokenKind.Semicolon;
            case (byte)'\'': _pos++; return PlainString();
            case (byte)'"': _pos++; return QuotedIdentifier(SqlTokenKind.Quoted);
            case (byte)'$': return Dollar();
            case (byte)'.': return Dot();
            case (byte)':': return Colon();
            default: return SqlTokenKind.Bad; // {other}: a character that no rule of the grammar takes.
        }
    }

    private readonly byte Peek(int offset) => _pos + offset < _text.Length ? _text[_pos + offset] : (byte)0;

    /// <summary>{whitespace}: spaces, -- comments, and nested /* comments (4.1.5). False: a comment does not end.</summary>
    private bool SkipSpace()
    {
        while (_pos < _text.Length)
        {
            byte c = _text[_pos];
            if ((Classes[c] & Space) != 0)
                _pos++;
            else if (c == '-' && Peek(1) == '-')
                SkipLine();
            else if (c == '/' && Peek(1) == '*')
            {
                if (!SkipComment())
                    return false;
            }
            else
            {
                break;
            }
        }

        return true;
    }

    private void SkipLine()
    {
        int end = _text[_pos..].IndexOfAny(Newlines);
        _pos = end < 0 ? _text.Length : _pos + end;
    }

    private bool SkipComment()
    {
        int depth = 0;
        while (_pos < _text.Length)
        {
            int mark = _text[_pos..].IndexOfAny(CommentMarks);
            if (mark < 0)
                break;
            _pos += mark;
            byte c = _text[_pos], next = Peek(1);
            if (c == '/' && next == '*')
            {
                depth++;
                _pos += 2;
            }
            else if (c == '*' && next == '/')
            {
                _pos += 2;
                if (--depth == 0)
                    return true;
            }
            else
            {
                _pos++;
            }
        }

        _pos = _text.Length;
        return false;
    }

    private SqlTokenKind WordOrPrefixed(ref SqlToken token, byte first)
    {
        byte next = Peek(1);
        if (next == '\'')
        {
            switch (first | 0x20)
            {
                case 'e': _pos += 2; return EscapeString();
                case 'n': _pos += 2; return PlainString(); // {xnstart}: NCHAR, then a plain literal.
                case 'b' or 'x': _pos += 2; return BitString();
                default: break;
            }
        }
        else if (next == '&' && (first | 0x20) == 'u')
        {
            if (Peek(2) == '"')
            {
                _pos += 3;
                token.Escape = (byte)'\\';
                return QuotedIdentifier(SqlTokenKind.UnicodeQuoted);
            }

            if (Peek(2) == '\'')
            {
                // With standard_conforming_strings off this is an error, so only the other reading matters.
                _pos += 3;
                return StandardString(false);
            }
        }

        int end = _pos + 1;
        while (end < _text.Length && (Classes[_text[end]] & IdentPart) != 0)
            end++;
        token.Keyword = SqlKeywords.Find(_text[_pos..end]);
        _pos = end;
        return SqlTokenKind.Word;
    }

    /// <summary>{xdstart}: up to a quote that is not doubled. A name of no length is an error.</summary>
    private SqlTokenKind QuotedIdentifier(SqlTokenKind kind)
    {
        int start = _pos;
        while (true)
        {
            int quote = _text[_pos..].IndexOf((byte)'"');
            if (quote < 0)
                return Unterminated();
            _pos += quote + 1;
            if (Peek(0) != '"')
                return _pos - 1 == start ? SqlTokenKind.Bad : kind;
            _pos++;
        }
    }

    private SqlTokenKind PlainString() => _standardStrings switch
    {
        TriState.On => StandardString(false),
        TriState.Off => EscapeString(),
        _ => StandardString(true), // A backslash makes the two readings differ.
    };

    /// <summary>{xqstart}: a backslash is an ordinary character.</summary>
    private SqlTokenKind StandardString(bool refuseBackslash)
    {
        int start = _pos;
        do
        {
            int quote = _text[_pos..].IndexOf((byte)'\'');
            if (quote < 0)
                return Unterminated();
            _pos += quote + 1;
        }
        while (DoubledOrContinued());
        return refuseBackslash && _text[start.._pos].Contains((byte)'\\') ? SqlTokenKind.Bad : SqlTokenKind.String;
    }

    /// <summary>{xestart}: a backslash takes the next byte with it, a quote too (which backslash_quote either accepts so, or refuses).</summary>
    private SqlTokenKind EscapeString()
    {
        do
        {
            while (true)
            {
                int mark = _text[_pos..].IndexOfAny((byte)'\'', (byte)'\\');
                if (mark < 0)
                    return Unterminated();
                _pos += mark + 1;
                if (_text[_pos - 1] == '\'')
                    break;
                if (++_pos > _text.Length)
                    return Unterminated();
            }
        }
        while (DoubledOrContinued());
        return SqlTokenKind.String;
    }

    /// <summary>{xbstart}, {xhstart}: no doubled quotes, no escapes.</summary>
    private SqlTokenKind BitString()
    {
        do
        {
            int quote = _text[_pos..].IndexOf((byte)'\'');
            if (quote < 0)
                return Unterminated();
            _pos += quote + 1;
        }
        while (Continued());
        return SqlTokenKind.String;
    }

    private bool DoubledOrContinued()
    {
        if (Peek(0) != '\'')
            return Continued();
        _pos++;
        return true;
    }

    /// <summary>{quotecontinue}: literals with a newline in the white space between them are one (4.1.2.1). Only -- comments count as white space here.</summary>
    private bool Continued()
    {
        bool newline = false;
        for (int i = _pos; i < _text.Length; i++)
        {
            byte c = _text[i];
            if (c is (byte)'\n' or (byte)'\r')
            {
                newline = true;
            }
            else if (c == '-' && i + 1 < _text.Length && _text[i + 1] == '-')
            {
                int end = _text[i..].IndexOfAny(Newlines);
                if (end < 0)
                    return false;
                i += end - 1;
            }
            else if (c == '\'' && newline)
            {
                _pos = i + 1;
                return true;
            }
            else if ((Classes[c] & Space) == 0)
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>{param}, or {dolqdelim} (4.1.2.4). A dollar that begins neither is an error.</summary>
    private SqlTokenKind Dollar()
    {
        if ((Classes[Peek(1)] & Digit) != 0)
        {
            _pos++;
            Digits(false);
            return SqlTokenKind.Param;
        }

        int end = _pos + 1;
        while (end < _text.Length && _text[end] != '$' && (Classes[_text[end]] & IdentPart) != 0)
            end++;
        if (end >= _text.Length || _text[end] != '$')
            return SqlTokenKind.Bad;

        ReadOnlySpan<byte> tag = _text[_pos..++end];
        int close = _text[end..].IndexOf(tag);
        if (close < 0)
            return Unterminated();
        _pos = end + close + tag.Length;
        return SqlTokenKind.String;
    }

    private SqlTokenKind Dot()
    {
        if ((Classes[Peek(1)] & Digit) != 0)
            return Number();
        bool range = Peek(1) == '.';
        _pos += range ? 2 : 1;
        return range ? SqlTokenKind.Colon : SqlTokenKind.Dot;
    }

    private SqlTokenKind Colon()
    {
        byte next = Peek(1);
        _pos += next is (byte)':' or (byte)'=' ? 2 : 1;
        return next == ':' ? SqlTokenKind.TypeCast : SqlTokenKind.Colon;
    }

    /// <summary>
    /// {decinteger} {hexinteger} {octinteger} {bininteger} {numeric} {real} (4.1.2.6). A word that follows directly is a token of its own,
    /// as it was before version 15, which refuses it. <c>0x1F</c> and <c>1_000</c> are one token since 16 and were a number with an
    /// alias before 15: harmless alike, unless a word follows directly, which would then begin at different places.
    /// </summary>
    private SqlTokenKind Number()
    {
        int start = _pos;
        if (_text[_pos] != '0' || (Peek(1) | 0x20) is not ('x' or 'o' or 'b') || !RadixInteger())
            Decimal();
        else if (WordFollows())
            return SqlTokenKind.Bad;
        return WordFollows() && _text[start.._pos].Contains((byte)'_') ? SqlTokenKind.Bad : SqlTokenKind.Number;
    }

    private readonly bool WordFollows() => (Classes[Peek(0)] & IdentPart) != 0;

    private void Decimal()
    {
        Digits(true);
        if (Peek(0) == '.' && Peek(1) != '.')
        {
            _pos++;
            Digits(true);
        }

        if ((Peek(0) | 0x20) == 'e')
        {
            int sign = Peek(1) is (byte)'+' or (byte)'-' ? 1 : 0;
            if ((Classes[Peek(1 + sign)] & Digit) != 0)
            {
                _pos += 1 + sign;
                Digits(true);
            }
        }
    }

    private bool RadixInteger()
    {
        int radix = (Peek(1) | 0x20) switch { 'x' => 16, 'o' => 8, _ => 2 };
        int i = _pos + 2, end = i;
        while (i < _text.Length)
        {
            if (_text[i] == '_')
                i++;
            if (i >= _text.Length || !char.IsAsciiHexDigit((char)_text[i]) || HexValue(_text[i]) >= radix)
                break;
            end = ++i;
        }

        if (end == _pos + 2)
            return false;
        _pos = end;
        return true;
    }

    private static int HexValue(byte c) => c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;

    private void Digits(bool underscores)
    {
        while ((Classes[Peek(0)] & Digit) != 0 || (underscores && Peek(0) == '_' && (Classes[Peek(1)] & Digit) != 0))
            _pos++;
    }

    /// <summary>
    /// {operator} (4.1.3): the longest run of operator characters, up to a comment inside it; a trailing + or - belongs to it only
    /// when it holds one of ~ ! @ # ^ &amp; | ` ? %.
    /// </summary>
    private SqlTokenKind Operator()
    {
        int end = _pos;
        bool special = false;
        while (end < _text.Length && (Classes[_text[end]] & OpChar) != 0)
        {
            byte c = _text[end];
            if (end > _pos && end + 1 < _text.Length && ((c == '-' && _text[end + 1] == '-') || (c == '/' && _text[end + 1] == '*')))
                break;
            special |= c is not ((byte)'+' or (byte)'-' or (byte)'*' or (byte)'/' or (byte)'<' or (byte)'>' or (byte)'=');
            end++;
        }

        if (!special)
        {
            while (end - _pos > 1 && _text[end - 1] is (byte)'+' or (byte)'-')
                end--;
        }

        int length = end - _pos;
        bool star = length == 1 && _text[_pos] == '*';
        _pos = end;
        return length > MaxOperator ? SqlTokenKind.Bad : star ? SqlTokenKind.Star : SqlTokenKind.Op;
    }

    private SqlTokenKind Unterminated()
    {
        _pos = _text.Length;
        return SqlTokenKind.Bad;
    }

    private static byte[] BuildClasses()
    {
        var classes = new byte[256];
        for (int c = 0; c < 256; c++)
        {
            bool letter = char.IsAsciiLetter((char)c) || c == '_' || c >= 0x80;
            bool digit = char.IsAsciiDigit((char)c);
            byte bits = 0;
            if (letter)
                bits |= IdentStart;
            if (digit)
                bits |= Digit;
            if (letter || digit || c == '$')
                bits |= IdentPart;
            if ("~!@#^&|`?+-*/%<>="u8.Contains((byte)c))
                bits |= OpChar;
            if (" \t\n\r\f\v"u8.Contains((byte)c))
                bits |= Space;
            classes[c] = bits;
        }

        return classes;
    }
}
