using System.Collections.Concurrent;
using Sallyport.Contract;
using Sallyport.Protocols.Postgres.Catalog;
using Sallyport.Protocols.Postgres.Sql;

namespace Sallyport.Protocols.Postgres;

/// <summary>What the two loops of a session share. Each field says who writes it.</summary>
internal sealed class PgShared(SessionContext context, PgCatalog catalog, PgLimits limits, TimeProvider time) : ISessionControl
{
    private readonly TaskCompletionSource _endAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastActivity = Environment.TickCount64;
    private volatile int _standardConformingStrings = (int)TriState.On;
    private volatile bool _encodingIsAsciiSafe = true;
    private volatile EndRequest? _endRequest;
    private volatile bool _catalogTouched;
    private readonly ConcurrentQueue<PgNotice> _notices = new();
    private volatile Action? _wake;

    /// <summary>Why the session is to end, asked for from outside.</summary>
    internal sealed record EndRequest(string Reason, string Message);

    public SessionContext Context => context;

    public PgCatalog Catalog => catalog;

    public PgLimits Limits => limits;

    public TimeProvider Time => time;

    public PgOwedQueue Owed { get; } = new(limits.RequestsInFlight);

    /// <summary>As the target last reported it. Written by the reply loop.</summary>
    public TriState StandardConformingStrings => (TriState)_standardConformingStrings;

    /// <summary>False when client_encoding is not one whose bytes can be read as UTF-8. Written by the reply loop.</summary>
    public bool EncodingIsAsciiSafe => _encodingIsAsciiSafe;

    /// <summary>A session whose statement waits for a person is not idle.</summary>
    public long LastActivity => Withdrawal.IsOpen ? Environment.TickCount64 : Volatile.Read(ref _lastActivity);

    /// <summary>Takes back a statement that waits for approval.</summary>
    public PgWithdrawal Withdrawal { get; } = new();

    /// <summary>What the client is to be told besides its replies. Filled by the request loop, emptied by the reply loop, which alone writes to the client.</summary>
    public ConcurrentQueue<PgNotice> Notices => _notices;

    /// <summary>Set once, by whoever asks first.</summary>
    public EndRequest? Ending => _endRequest;

    /// <summary>Completes once the session is to end, asked for from outside.</summary>
    public Task EndAsked => _endAsked.Task;

    public void Touch() => Volatile.Write(ref _lastActivity, Environment.TickCount64);

    /// <summary>Tells the client something, as soon as it is at the end of a message.</summary>
    public void Say(PgNotice notice)
    {
        _notices.Enqueue(notice);
        Interlocked.MemoryBarrier();
        _wake?.Invoke();
    }

    /// <summary>How the reply loop is woken while it waits for the target. What was said before it began wakes it at once.</summary>
    public void OnWake(Action wake)
    {
        _wake = wake;
        Interlocked.MemoryBarrier();
        if (!_notices.IsEmpty)
            wake();
    }

    public void End(string reason, string message)
    {
        if (Interlocked.CompareExchange(ref _endRequest, new EndRequest(reason, message), null) is null)
            _endAsked.SetResult();
    }

    /// <summary>A statement was let through that may change what relations and views there are. Called by the request loop.</summary>
    public void TouchCatalog() => _catalogTouched = true;

    /// <summary>
    /// No transaction is open: what such statements did can be seen by others, so the catalog at hand is out of date. Called by the reply loop.
    /// While more requests are under way the mark stays, for it may be one of them that was marked.
    /// </summary>
    public void OnTransactionEnd()
    {
        if (!_catalogTouched)
            return;
        _catalogTouched = Owed.Count > 1;
        catalog.Invalidate();
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
    /// Names are compared as UTF-8, so UTF8 it must be; SQL_ASCII passes bytes through, and texts in it that are not UTF-8 are not understood.
    /// In all other encodings only ASCII texts are: in some (PostgreSQL 24.3) a byte below 0x80 can be the second of a character.
    /// </summary>
    private static bool IsAsciiSafe(ReadOnlySpan<byte> encoding) => encoding.SequenceEqual("UTF8"u8) || encoding.SequenceEqual("SQL_ASCII"u8);
}
