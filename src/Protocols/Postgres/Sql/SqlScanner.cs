using System.Text.Unicode;
using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>
/// Takes a text of SQL apart into statements, and each into its effects, as PostgreSQL 12 to 18 would understand them. Not thread-safe: one per
/// loop. Scanning never throws and, once its buffers have grown, allocates nothing. What it does not understand is
/// <see cref="ActionFlags.Unparsed"/>; effects found until then are kept.
/// </summary>
public sealed class SqlScanner
{
    private readonly SqlScannerLimits _limits;
    private readonly SqlEffects _effects;
    private SqlStatement[] _statements = new SqlStatement[4];

    /// <summary>A scanner with these limits, or the default ones.</summary>
    public SqlScanner(SqlScannerLimits? limits = null)
    {
        _limits = limits ?? new SqlScannerLimits();
        _effects = new SqlEffects(_limits);
    }

    /// <summary>How many statements the last text has; 0 for one of white space, comments and semicolons only.</summary>
    public int Count { get; private set; }

    /// <summary>A statement of the last text.</summary>
    public ref readonly SqlStatement this[int i] => ref _statements.AsSpan(0, Count)[i];

    /// <summary>The normalised names that <see cref="Objects"/> and <see cref="Functions"/> point into, until the next scan.</summary>
    public ReadOnlySpan<byte> Names => _effects.Names;

    /// <summary>The effects of a statement. Empty means one: its verb on no object.</summary>
    public ReadOnlySpan<ObjectRef> Objects(int statement) => Slice(_effects.Objects, this[statement].Objects);

    /// <summary>The names that a statement calls like functions, each once, with <see cref="Verb.Call"/>. Syntax that looks like a call may be among them.</summary>
    public ReadOnlySpan<ObjectRef> Functions(int statement) => Slice(_effects.Functions, this[statement].Functions);

    /// <summary>Ranges of the text that hold passwords, between the quotes of their literals.</summary>
    public ReadOnlySpan<SqlRange> Secrets(int statement) => Slice(_effects.Secrets, this[statement].Secrets);

    /// <summary>Scans <paramref name="text"/>; what was known of the text before it is forgotten.</summary>
    public void Scan(ReadOnlySpan<byte> text, SqlSettings settings)
    {
        Count = 0;
        _effects.BeginText();
        var t = new SqlTokens(text, settings, _limits);
        if (!IsReadable(text, settings))
            t.FailHopelessly();
        while (true)
        {
            if (t.Kind == SqlTokenKind.Semicolon)
                t.Advance();
            else if (t.Kind == SqlTokenKind.End && !t.Failed)
                break;
            else if (!Statement(ref t))
                break;
        }

        if (Count > 1)
            MarkMultiple();
    }

    /// <summary>Bytes that PostgreSQL would read otherwise than we do: NUL ends a text, and other encodings hide ASCII in their trail bytes (23.3).</summary>
    private static bool IsReadable(ReadOnlySpan<byte> text, SqlSettings settings)
    {
        int odd = text.IndexOfAnyExceptInRange((byte)1, (byte)0x7F);
        return odd < 0 || (settings.AsciiSafeEncoding && !text[odd..].Contains((byte)0) && Utf8.IsValid(text[odd..]));
    }

    /// <returns>False: nothing behind this statement can be trusted.</returns>
    private bool Statement(ref SqlTokens t)
    {
        _effects.BeginStatement();
        int start = t.Failed && Count == 0 ? 0 : t.Current.Start, objects = _effects.ObjectCount, functions = _effects.FunctionCount, secrets = _effects.SecretCount;
        Verb verb = Verb.Unknown;
        if (Count >= _limits.Statements)
            t.FailHopelessly();
        if (!t.Failed)
            verb = SqlStatements.Parse(ref t, _effects);

        bool failed = t.Failed, hopeless = t.Hopeless;
        if (failed && !hopeless)
        {
            t.Recover();
            hopeless = t.Hopeless;
        }

        int length = (hopeless ? t.Text.Length : t.PreviousEnd) - start;
        if (failed)
        {
            _effects.ForgetSecrets(secrets);
            SqlSecrets.Unparsed(ref t, _effects, start, start + length);
        }

        Add(new SqlStatement
        {
            Verb = verb,
            Flags = failed ? ActionFlags.Unparsed : ActionFlags.None,
            Traits = _effects.Traits,
            Start = start,
            Length = length,
            Objects = new SqlRange(objects, _effects.ObjectCount - objects),
            Functions = new SqlRange(functions, _effects.FunctionCount - functions),
            Secrets = new SqlRange(secrets, _effects.SecretCount - secrets),
        });
        return !hopeless;
    }

    private void Add(SqlStatement statement)
    {
        if (Count == _statements.Length)
            Array.Resize(ref _statements, _statements.Length * 2);
        _statements[Count++] = statement;
    }

    private void MarkMultiple()
    {
        foreach (ref SqlStatement statement in _statements.AsSpan(0, Count))
            statement.Flags |= ActionFlags.MultiStatement;
    }

    private static ReadOnlySpan<T> Slice<T>(ReadOnlySpan<T> items, SqlRange range) => items.Slice(range.Start, range.Length);
}
