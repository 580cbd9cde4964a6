using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Connections;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>
/// The connections to one target for one identity. Requests share those that speak HTTP/2; of HTTP/1.1 each is lent to one request at a time.
/// At most <see cref="HttpLimits.UpstreamConnections"/>; when they are full, requests wait their turn in order, and for no longer than a connection may take to be made.
/// </summary>
internal sealed class HttpUpstream : IAsyncDisposable
{
    /// <summary>How long a credential is used before its source is read again: files of service accounts are rotated.</summary>
    private static readonly TimeSpan CredentialAge = TimeSpan.FromSeconds(10);

    /// <summary>Connections that are made for one request.</summary>
    private const int MostAttempts = 4;

    private readonly HttpTarget _target;
    private readonly SessionFacts _facts;
    private readonly IUpstream _door;
    private readonly HttpLimits _limits;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly List<UpstreamConnection> _connections = [];
    private readonly SemaphoreSlim _connecting = new(1, 1);
    private volatile (byte[] Name, byte[] Value)[] _fields = [];
    private long _credentialReadAt;
    private volatile bool _hasCredential;
    private long _usedAt;
    private bool _isDisposed;

    public HttpUpstream(HttpTarget target, SessionFacts facts, IUpstream door, HttpLimits limits, TimeProvider time)
    {
        _target = target;
        _facts = facts;
        _door = door;
        _limits = limits;
        _time = time;
        Authority = Encoding.ASCII.GetBytes(target.Authority);
        CredentialHeader = Encoding.ASCII.GetBytes(target.CredentialHeader);
        _usedAt = time.GetTimestamp();
    }

    public byte[] Authority { get; }

    /// <summary>The field that only we may send; empty: there is none.</summary>
    public byte[] CredentialHeader { get; }

    /// <summary>The credential as fields, read at most <see cref="CredentialAge"/> ago when a request was let through. Secrets.</summary>
    public (byte[] Name, byte[] Value)[] Fields => _fields;

    private bool IsCredentialFresh => _hasCredential && _time.GetElapsedTime(Volatile.Read(ref _credentialReadAt)) <= CredentialAge;

    /// <summary>A stream on a connection that is there and has room, if the credential need not be read again.</summary>
    public bool TryOpen(bool http1, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out HttpStream? stream)
    {
        stream = null;
        if (!IsCredentialFresh)
            return false;
        lock (_lock)
        {
            foreach (UpstreamConnection connection in _connections)
            {
                if ((http1 && !connection.IsHttp1) || !connection.TryOpen(out stream))
                    continue;
                _usedAt = _time.GetTimestamp();
                return true;
            }
        }

        return false;
    }

    /// <summary>A stream, on a new connection if need be.</summary>
    /// <exception cref="IOException">The target cannot be reached, the credential cannot be read, or no connection had room in time.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">It is not the target.</exception>
    public async ValueTask<HttpStream> OpenAsync(bool http1, CancellationToken cancel)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(_limits.Connect);
        try
        {
            await _connecting.WaitAsync(late.Token).ConfigureAwait(false);
            try
            {
                for (int made = 0; ;)
                {
                    await ReadCredentialAsync(late.Token).ConfigureAwait(false);
                    if (TryOpen(http1, out HttpStream? stream))
                        return stream;
                    if (!HasRoom(out Task room))
                    {
                        await room.WaitAsync(late.Token).ConfigureAwait(false);
                        // A connection that is over makes room only once its own loop has got to say so.
                        await Task.Delay(TimeSpan.FromMilliseconds(1), _time, late.Token).ConfigureAwait(false);
                        continue;
                    }

                    // A target that ends its connections before one can be used is not asked without end.
                    if (++made > MostAttempts)
                        throw new IOException("the target ends its connections at once");

                    UpstreamConnection connection = await UpstreamConnection.ConnectAsync(_target, _door, _limits, _time, http1, Gone, late.Token).ConfigureAwait(false);
                    bool isLate;
                    lock (_lock)
                    {
                        isLate = _isDisposed;
                        if (!isLate)
                            _connections.Add(connection);
                    }

                    if (isLate)
                        await connection.DisposeAsync().ConfigureAwait(false);
                    else
                        connection.Start();
                }
            }
            finally
            {
                _connecting.Release();
            }
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new IOException("no connection to the target in time", e);
        }
    }

    /// <summary>Closes what nobody has used for long.</summary>
    /// <returns>True: nothing is left.</returns>
    public async ValueTask<bool> TidyAsync()
    {
        UpstreamConnection[] idle;
        bool isEmpty;
        lock (_lock)
        {
            idle = [.. _connections.Where(connection => connection.IsIdle && _time.GetElapsedTime(_usedAt) > _limits.UpstreamIdle)];
            foreach (UpstreamConnection connection in idle)
                _connections.Remove(connection);
            isEmpty = _connections.Count == 0 && _time.GetElapsedTime(_usedAt) > _limits.UpstreamIdle;
        }

        foreach (UpstreamConnection connection in idle)
            await connection.DisposeAsync().ConfigureAwait(false);
        return isEmpty;
    }

    public async ValueTask DisposeAsync()
    {
        UpstreamConnection[] all;
        lock (_lock)
        {
            _isDisposed = true;
            all = [.. _connections];
            _connections.Clear();
        }

        foreach (UpstreamConnection connection in all)
            await connection.DisposeAsync().ConfigureAwait(false);
    }

    private bool HasRoom(out Task room)
    {
        lock (_lock)
        {
            room = _connections.Count == 0 ? Task.CompletedTask : Task.WhenAny(_connections.Select(connection => connection.WhenRoom()));
            return _connections.Count < _limits.UpstreamConnections;
        }
    }

    private void Gone(UpstreamConnection connection)
    {
        lock (_lock)
            _connections.Remove(connection);
    }

    private async ValueTask ReadCredentialAsync(CancellationToken cancel)
    {
        if (IsCredentialFresh)
            return;
        _fields = _target.Credential == HttpCredentialKind.None
            ? []
            : [CredentialField.Of(_target, await _door.CredentialAsync(_target.Info, _facts, cancel).ConfigureAwait(false))];
        Volatile.Write(ref _credentialReadAt, _time.GetTimestamp());
        _hasCredential = true;
    }
}
