using Sallyport.Contract;

namespace Sallyport.Protocols.Postgres.Sql;

/// <summary>What a parse has found: effects, function names, secrets and traits, in buffers that are used again for the next text.</summary>
internal sealed class SqlEffects
{
    /// <summary>Distinct effects of a statement among which a repeated one is recognised; beyond them it is kept again.</summary>
    private const int DistinctWindow = 64;

    /// <summary>A buffer that has grown beyond this is given back before the next text, so that one large text does not burden an idle session.</summary>
    private const int KeptNameBytes = 16 * 1024;

    private readonly SqlScannerLimits _limits;
    private byte[] _names = new byte[512];
    private ObjectRef[] _objects = new ObjectRef[16];
    private ObjectRef[] _functions = new ObjectRef[8];
    private SqlRange[] _secrets = new SqlRange[2];
    private SqlRange[] _commonTables = new SqlRange[4];
    private int _nameBytes;
    private int _firstObject;
    private int _firstFunction;
    private int _commonTableCount;

    public SqlEffects(SqlScannerLimits limits) => _limits = limits;

    public SqlTraits Traits;

    /// <summary>Inside EXPLAIN without ANALYZE, which does nothing to the relations it names: each effect is (Explain, relation).</summary>
    public bool ExplainOnly;

    /// <summary>A SELECT … INTO was seen.</summary>
    public bool SelectsInto;

    /// <summary>Relations and common tables read so far in this text.</summary>
    public int Reads { get; private set; }

    public int ObjectCount { get; private set; }

    public int FunctionCount { get; private set; }

    public int SecretCount { get; private set; }

    public ReadOnlySpan<byte> Names => _names.AsSpan(0, _nameBytes);

    public ReadOnlySpan<ObjectRef> Objects => _objects.AsSpan(0, ObjectCount);

    public ReadOnlySpan<ObjectRef> Functions => _functions.AsSpan(0, FunctionCount);

    public ReadOnlySpan<SqlRange> Secrets => _secrets.AsSpan(0, SecretCount);

    public void BeginText()
    {
        if (_names.Length > KeptNameBytes)
        {
            _names = new byte[512];
            _objects = new ObjectRef[16];
            _functions = new ObjectRef[8];
        }

        _nameBytes = ObjectCount = FunctionCount = SecretCount = 0;
        Reads = 0;
        BeginStatement();
    }

    public void BeginStatement()
    {
        Traits = SqlTraits.None;
        ExplainOnly = false;
        SelectsInto = false;
        _firstObject = ObjectCount;
        _firstFunction = FunctionCount;
        _commonTableCount = 0;
    }

    /// <summary>An effect on a named object.</summary>
    public void Add(ref SqlTokens t, Verb verb, in SqlName name) => AddObject(ref t, verb, name, ObjectFlags.None, true);

    /// <summary>An UPDATE or DELETE, for now without WHERE.</summary>
    /// <returns>Its index for <see cref="WherePresent"/>.</returns>
    public int AddWithoutWhere(ref SqlTokens t, Verb verb, in SqlName name)
    {
        AddObject(ref t, verb, name, ObjectFlags.WhereAbsent, false);
        return ObjectCount - 1;
    }

    /// <summary>The statement that <see cref="AddWithoutWhere"/> was called for does have a WHERE.</summary>
    public void WherePresent(int index)
    {
        if ((uint)index < (uint)ObjectCount)
            _objects[index] = _objects[index] with { Flags = ObjectFlags.None };
    }

    /// <summary>What was added last turns out to be something else: CREATE TABLE … AS.</summary>
    public void ChangeVerb(int index, Verb verb)
    {
        if ((uint)index < (uint)ObjectCount)
            _objects[index] = _objects[index] with { Verb = Effective(verb) };
    }

    /// <summary>An effect on no object.</summary>
    public void Add(ref SqlTokens t, Verb verb) => Append(ref t, new ObjectRef(verb, ObjectFlags.None, _nameBytes, 0, 0));

    /// <summary>An effect on something that has no name of its own in the text.</summary>
    public void Add(ref SqlTokens t, Verb verb, scoped ReadOnlySpan<byte> name)
    {
        int start = _nameBytes;
        if (!Reserve(ref t))
            return;
        name.CopyTo(_names.AsSpan(start));
        Keep(ref t, new ObjectRef(verb, ObjectFlags.None, start, name.Length, 0), true);
    }

    /// <summary>A relation that is read: a common table expression in scope, or an object.</summary>
    public void AddRead(ref SqlTokens t, in SqlName name)
    {
        Reads++;
        int start = _nameBytes;
        if (!TryWrite(ref t, name, out int length, out int qualifier))
            return;
        if (qualifier == 0 && IsCommonTable(_names.AsSpan(start, length)))
        {
            _nameBytes = start;
            return;
        }

        Keep(ref t, new ObjectRef(Effective(Verb.Select), ObjectFlags.None, start, length, qualifier), true);
    }

    /// <summary>A name that is called like a function.</summary>
    public void AddFunction(ref SqlTokens t, in SqlName name)
    {
        Traits |= SqlTraits.CallsFunctions;
        int start = _nameBytes;
        if (!TryWrite(ref t, name, out int length, out int qualifier))
            return;
        var found = new ObjectRef(Verb.Call, ObjectFlags.None, start, length, qualifier);
        if (IsKnown(_functions.AsSpan(_firstFunction, FunctionCount - _firstFunction), found))
            _nameBytes = start;
        else if (FunctionCount >= _limits.Objects)
            t.FailHopelessly();
        else
            Push(ref _functions, FunctionCount++, found);
        AddIfSensitive(ref t, name);
    }

    /// <summary>A name that may be called as a function in PostgreSQL's functional notation (8.16.5): <c>('path'::text).pg_read_file</c>.</summary>
    public void AddIfSensitive(ref SqlTokens t, in SqlName name)
    {
        Span<byte> room = stackalloc byte[SqlNames.Room];
        if (!SqlNames.TryNormalise(t.Text, name.Last, room, out int length))
        {
            t.Fail();
            return;
        }

        ReadOnlySpan<byte> function = room[..length];
        if (!SqlSensitiveFunctions.Contains(function))
            return;
        if (function.SequenceEqual("set_config"u8))
            Traits |= SqlTraits.ChangesSettings;
        Add(ref t, Verb.Call, function);
    }

    /// <summary>An UPDATE of the view <c>pg_settings</c> is a call of <c>set_config</c> (54.24): its rule pg_settings_u makes it one.</summary>
    public void AddIfSettings(ref SqlTokens t, in SqlName name)
    {
        Span<byte> room = stackalloc byte[SqlNames.Room];
        if (!SqlNames.TryNormalise(t.Text, name.Last, room, out int length) || !room[..length].SequenceEqual("pg_settings"u8))
            return;
        Traits |= SqlTraits.ChangesSettings;
        Add(ref t, Verb.Call, "set_config"u8);
    }

    /// <summary>The name of a setting: these are compared without regard to case, quoted or not (guc_name_compare).</summary>
    public void AddSetting(ref SqlTokens t, Verb verb, in SqlName name)
    {
        int start = _nameBytes;
        if (!TryWrite(ref t, name, out int length, out int qualifier))
            return;
        Span<byte> written = _names.AsSpan(start, length);
        System.Text.Ascii.ToLowerInPlace(written, out _);
        Keep(ref t, new ObjectRef(verb, ObjectFlags.None, start, length, qualifier), true);
    }

    public void AddSecret(ref SqlTokens t, SqlRange range)
    {
        Traits |= SqlTraits.HasSecret;
        if (range.Length == 0)
            return;
        if (SecretCount >= _limits.Objects)
            t.FailHopelessly();
        else
            Push(ref _secrets, SecretCount++, range);
    }

    /// <summary>Forgets the secrets from <paramref name="count"/> on: they are looked for in another way.</summary>
    public void ForgetSecrets(int count) => SecretCount = count;

    /// <summary>The common tables in scope now, for <see cref="LeaveCommonTables"/>.</summary>
    public int EnterCommonTables() => _commonTableCount;

    public void LeaveCommonTables(int mark) => _commonTableCount = mark;

    public void AddCommonTable(ref SqlTokens t, in SqlName name)
    {
        int start = _nameBytes;
        if (!TryWrite(ref t, name, out int length, out _))
            return;
        if (_commonTableCount >= _limits.CommonTables)
            t.FailHopelessly();
        else
            Push(ref _commonTables, _commonTableCount++, new SqlRange(start, length));
    }

    /// <summary>Forgets the effects from <paramref name="count"/> on: what looked like objects was something else.</summary>
    public void ForgetObjects(int count) => ObjectCount = count;

    private bool IsCommonTable(ReadOnlySpan<byte> name)
    {
        for (int i = _commonTableCount - 1; i >= 0; i--)
        {
            if (_names.AsSpan(_commonTables[i].Start, _commonTables[i].Length).SequenceEqual(name))
                return true;
        }

        return false;
    }

    private Verb Effective(Verb verb) => ExplainOnly && verb != Verb.Call ? Verb.Explain : verb;

    private void AddObject(ref SqlTokens t, Verb verb, in SqlName name, ObjectFlags flags, bool onlyOnce)
    {
        int start = _nameBytes;
        if (!TryWrite(ref t, name, out int length, out int qualifier))
            return;
        Keep(ref t, new ObjectRef(Effective(verb), ExplainOnly ? ObjectFlags.None : flags, start, length, qualifier), onlyOnce);
    }

    private void Keep(ref SqlTokens t, ObjectRef found, bool onlyOnce)
    {
        if (onlyOnce && IsKnown(_objects.AsSpan(_firstObject, ObjectCount - _firstObject), found))
            _nameBytes = found.Start;
        else
        {
            _nameBytes = found.Start + found.Length;
            Append(ref t, found);
        }
    }

    private void Append(ref SqlTokens t, ObjectRef found)
    {
        if (ObjectCount >= _limits.Objects)
            t.FailHopelessly();
        else
            Push(ref _objects, ObjectCount++, found);
    }

    private bool IsKnown(ReadOnlySpan<ObjectRef> known, ObjectRef found)
    {
        ReadOnlySpan<byte> name = _names.AsSpan(found.Start, found.Length);
        foreach (ref readonly ObjectRef one in known[..Math.Min(known.Length, DistinctWindow)])
        {
            if (one.Verb == found.Verb && one.Flags == found.Flags && one.QualifierLength == found.QualifierLength
                && name.SequenceEqual(_names.AsSpan(one.Start, one.Length)))
                return true;
        }

        return false;
    }

    /// <summary>Writes the normalised name behind the names that are kept.</summary>
    private bool TryWrite(ref SqlTokens t, in SqlName name, out int length, out int qualifier)
    {
        length = qualifier = 0;
        if (!Reserve(ref t))
            return false;
        int start = _nameBytes;
        bool written = true;
        if (name.Parts > 1)
        {
            written = SqlNames.TryNormalise(t.Text, name.Qualifier, _names.AsSpan(start), out qualifier);
            length = qualifier;
            _names[start + length++] = (byte)'.';
        }

        if (!written || !SqlNames.TryNormalise(t.Text, name.Last, _names.AsSpan(start + length), out int last))
        {
            t.Fail();
            return false;
        }

        length += last;
        _nameBytes = start + length;
        return true;
    }

    private bool Reserve(ref SqlTokens t)
    {
        int needed = _nameBytes + (2 * SqlNames.Room);
        if (needed > _names.Length)
        {
            if (needed > _limits.NameBytes)
            {
                t.FailHopelessly();
                return false;
            }

            Array.Resize(ref _names, Math.Max(needed, _names.Length * 2));
        }

        return true;
    }

    private static void Push<T>(ref T[] items, int index, T item)
    {
        if (index == items.Length)
            Array.Resize(ref items, items.Length * 2);
        items[index] = item;
    }
}
