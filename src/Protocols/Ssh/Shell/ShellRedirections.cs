using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Shell;

/// <summary>Redirections (POSIX 2.7) and the documents behind them (2.7.4).</summary>
internal sealed class ShellRedirections(ShellWords words, ShellEffects effects, ShellWordReader reader, ShellParser parser)
{
    private const int MostPending = 16;
    private readonly Document[] _pending = new Document[MostPending];
    private byte[] _delimiters = new byte[128];
    private int _count;
    private int _used;

    private readonly record struct Document(int Start, int Length, bool Literal, bool StripTabs);

    /// <summary>True between <c>&lt;&lt;</c> and the end of its line.</summary>
    public bool HasPending => _count > 0;

    /// <summary>The last one read was <c>&amp;&gt;</c>.</summary>
    public bool WasAmpersand { get; private set; }

    public void Clear() => (_count, _used) = (0, 0);

    /// <returns>False: there is none here.</returns>
    public bool TryRead(ref ShellText t)
    {
        t.SkipBlanks();
        int digits = 0;
        while (char.IsAsciiDigit((char)t.Peek(digits)))
            digits++;
        WasAmpersand = digits == 0 && t.Current == '&' && t.Peek(1) == '>';
        if (!WasAmpersand && t.Peek(digits) is not ((byte)'<' or (byte)'>'))
            return IsNamedDescriptor(t);
        if (digits > 1)
            effects.MarkUnparsed();
        t.Position += digits;
        if (t.Current != '&' && t.Peek(1) == '(')
        {
            // <(…), >(…): a word of bash and zsh that a command gets; what is in it runs.
            effects.MarkUnparsed();
            parser.Substitution(ref t, 2);
            return true;
        }

        Read(ref t);
        return true;
    }

    /// <summary>Reads the documents that were asked for on the line that just ended.</summary>
    public void ReadDocuments(ref ShellText t)
    {
        for (int i = 0; i < _count && !effects.Failed; i++)
            ReadDocument(ref t, _pending[i]);
        Clear();
    }

    /// <summary><c>{name}&gt;</c> is bash's: others give the name to the command.</summary>
    private bool IsNamedDescriptor(in ShellText t)
    {
        if (t.Current == '{')
        {
            int end = 1;
            while (char.IsAsciiLetterOrDigit((char)t.Peek(end)) || t.Peek(end) == '_')
                end++;
            if (end > 1 && t.Peek(end) == '}' && t.Peek(end + 1) is (byte)'<' or (byte)'>')
                effects.Fail();
        }

        return false;
    }

    private void Read(ref ShellText t)
    {
        ReadOnlySpan<byte> rest = t.Text[t.Position..];
        int length = 1;
        bool reads = false, writes = false, duplicates = false;
        if (rest.StartsWith("<<<"u8))
            length = 3;
        else if (rest.StartsWith("<<-"u8))
            length = 3;
        else if (rest.StartsWith("<<"u8))
            length = 2;
        else if (rest.StartsWith("&>>"u8))
            (length, writes) = (3, true);
        else if (rest.StartsWith("&>"u8) || rest.StartsWith(">>"u8) || rest.StartsWith(">|"u8))
            (length, writes) = (2, true);
        else if (rest.StartsWith(">&"u8) || rest.StartsWith("<&"u8))
            (length, duplicates) = (2, true);
        else if (rest.StartsWith("<>"u8))
            (length, reads, writes) = (2, true, true);
        else if (rest[0] == '>')
            writes = true;
        else
            reads = true;

        bool input = rest[0] == '<';
        bool document = rest.StartsWith("<<"u8) && !rest.StartsWith("<<<"u8);
        t.Position += length;
        bool parted = t.Current == '\\' && t.Peek(1) == '\n';
        t.SkipBlanks();
        // The "-" that closes is a token of its own to bash, and what follows it at once a further word: >&--x gives -x to the command.
        bool closesAndMore = duplicates && t.Current == '-' && !ShellText.EndsWord(t.Peek(1));
        if (parted || closesAndMore || ShellText.EndsWord(t.Current))
        {
            effects.Fail();
            return;
        }

        int count = words.Count, used = words.Used;
        reader.Read(ref t);
        ShellWord word = words[count];
        if (document)
            Ask(words.Text(count), word, stripTabs: length == 3);
        else if (duplicates && !IsDescriptor(words.Text(count)))
            Opened(words.Text(count), word, false, !input, understood: !input);
        else if (reads || writes)
            Opened(words.Text(count), word, reads, writes, understood: true);
        words.Truncate(count, used);
    }

    private static bool IsDescriptor(ReadOnlySpan<byte> word) => word.SequenceEqual("-"u8) || (word.Length == 1 && char.IsAsciiDigit((char)word[0]));

    private void Opened(ReadOnlySpan<byte> path, ShellWord word, bool reads, bool writes, bool understood)
    {
        if (path.SequenceEqual("/dev/null"u8))
            return;
        // bash opens connections by the names /dev/tcp and /dev/udp.
        if (!understood || path.IsEmpty || word.Is(ShellWordFlags.NotLiteral & ~ShellWordFlags.Tilde) || path.IndexOf("/dev/tcp"u8) >= 0 || path.IndexOf("/dev/udp"u8) >= 0)
            effects.MarkUnparsed();
        if (reads)
            AddPath(Verb.FileRead, path);
        if (writes)
            AddPath(Verb.FileWrite, path);
    }

    private void AddPath(Verb verb, ReadOnlySpan<byte> path)
    {
        if (!ShellPaths.Add(effects, verb, path))
            effects.MarkUnparsed();
    }

    private void Ask(ReadOnlySpan<byte> delimiter, ShellWord word, bool stripTabs)
    {
        if (_count == MostPending || word.Is(ShellWordFlags.Expansion) || delimiter.Contains((byte)'\n'))
        {
            effects.Fail();
            return;
        }

        if (_used + delimiter.Length > _delimiters.Length)
            Array.Resize(ref _delimiters, Math.Max(_delimiters.Length * 2, _used + delimiter.Length));
        delimiter.CopyTo(_delimiters.AsSpan(_used));
        _pending[_count++] = new Document(_used, delimiter.Length, word.Is(ShellWordFlags.Quoted), stripTabs);
        _used += delimiter.Length;
    }

    private void ReadDocument(ref ShellText t, Document document)
    {
        ReadOnlySpan<byte> delimiter = _delimiters.AsSpan(document.Start, document.Length);
        while (!t.AtEnd)
        {
            int end = t.Text[t.Position..].IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? t.Text[t.Position..] : t.Text.Slice(t.Position, end);
            t.Position += line.Length + (end < 0 ? 0 : 1);
            if (document.StripTabs)
                line = line.TrimStart((byte)'\t');
            if (line.SequenceEqual(delimiter))
            {
                // Its line break ends the line of what comes next, as any other.
                return;
            }

            if (document.Literal)
                continue;
            if (line.IndexOfAny((byte)'$', (byte)'`') >= 0)
                effects.MarkUnparsed();
            // A continued line could be the delimiter, or hide it.
            if (line.EndsWith("\\"u8))
                effects.Fail();
        }

        effects.Fail();
    }
}
