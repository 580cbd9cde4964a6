using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Catalog;
using Sallyport.Protocols.Postgres.Sql;

namespace Sallyport.Protocols.Postgres;

/// <summary>What the two loops of a session share. Each field says who writes it.</summary>
internal sealed class PgShared(SessionContext context, PgCatalog catalog, PgLimits limits) : ISessionControl
{
    private readonly TaskCompletionSource _endAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastActivity = Environment.TickCount64;
    private volatile int _standardConformingStrings = (int)TriState.On;
    private volatile bool _encodingIsAsciiSafe = true;
    private volatile EndRequest? _endRequest;

    /// <summary>Why the session is to end, asked for from outside.</summary>
    internal sealed record EndRequest(string Reason, string Message);

    public SessionContext Context => context;

    public PgCatalog Catalog => catalog;

    public PgLimits Limits => limits;

    public PgOwedQueue Owed { get; } = new(limits.RequestsInFlight);

    /// <summary>As the target last reported it. Written by the reply loop.</summary>
    public TriState StandardConformingStrings => (TriState)_standardConformingStrings;

    /// <summary>False when client_encoding is one whose multibyte characters contain ASCII bytes. Written by the reply loop.</summary>
    public bool EncodingIsAsciiSafe => _encodingIsAsciiSafe;

    public long LastActivity => Volatile.Read(ref _lastActivity);

    /// <summary>Set once, by whoever asks first.</summary>
    public EndRequest? Ending => _endRequest;

    /// <summary>Completes once the session is to end, asked for from outside.</summary>
    public Task EndAsked => _endAsked.Task;

    public void Touch() => Volatile.Write(ref _lastActivity, Environment.TickCount64);

    public void End(string reason, string message)
    {
        if (Interlocked.CompareExchange(ref _endRequest, new EndRequest(reason, message), null) is null)
            _endAsked.SetResult();
    }

    /// <summary>Takes up a ParameterStatus (PostgreSQL 55.2.7) that changes how statements are to be read.</summary>
    public void OnParameterStatus(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (name.SequenceEqual("standard_conforming_strings"u8))
            _standardConformingStrings = (int)(value.SequenceEqual("on"u8) ? TriState.On : TriState.Off);
        else if (name.SequenceEqual("client_encoding"u8))
            _encodingIsAsciiSafe = IsAsciiSafe(value);
    }

    /// <summary>
    /// PostgreSQL 24.3: encodings that only clients may use, because a byte below 0x80 can be the second of a character. GB18030 and MULE_INTERNAL
    /// are taken for such too: what is not known to be safe is not.
    /// </summary>
    private static bool IsAsciiSafe(ReadOnlySpan<byte> encoding) =>
        encoding.SequenceEqual("UTF8"u8) || encoding.SequenceEqual("SQL_ASCII"u8) || encoding.StartsWith("LATIN"u8) || encoding.StartsWith("ISO_8859_"u8)
        || encoding.StartsWith("WIN"u8) || encoding.StartsWith("KOI8"u8) || encoding.StartsWith("EUC_"u8);
}
