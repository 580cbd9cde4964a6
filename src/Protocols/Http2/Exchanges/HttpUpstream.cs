using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Connections;

namespace Sallyport.Protocols.Http2.Exchanges;

/// <summary>
/// The connections to one target for one identity. Requests share those that speak HTTP/2; of HTTP/1.1 each is lent to one request at a time, and a tunnel keeps its own.
/// At most <see cref="HttpLimits.UpstreamConnections"/> of the first kind and <see cref="HttpLimits.UpstreamHttp1Connections"/> of the second; when they are full, requests
/// wait their turn in order, and for no longer than a connection may take to be made. Those that only finish what they carry are not counted: each carries somebody's request.
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
    private readonly SemaphoreSlim _connectingHttp1 = new(1, 1);
    private volatile (byte[] Name, byte[] Value)[] _fields = [];
    private long _credentialReadAt;
    private volatile bool _hasCredential;
    private readonly Action<Exception> _failed;
    private long _usedAt;
    private int _users;
    private volatile bool _isHttp1Only;
    private bool _isDisposed;

    public HttpUpstream(HttpTarget target, SessionFacts facts, IUpstream door, HttpLimits limits, TimeProvider time, Action<Exception> failed)
    {
        _failed = failed;
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

    /// <summary>Some session may still open a stream here.</summary>
    public bool HasUsers => Volatile.Read(ref _users) > 0;

    private bool IsCredentialFresh => _hasCredential && _time.GetElapsedTime(Volatile.Read(ref _credentialReadAt)) <= CredentialAge;

    /// <summary>A stream on a connection that is there and has room, if the credential need not be read again.</summary>
    public bool TryOpen(UpstreamUse use, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out HttpStream? stream)
    {
        stream = null;
        if (!IsCredentialFresh)
            return false;
        lock (_lock)
        {
            foreach (UpstreamConnection connection in _connections)
            {
                if (!connection.TryOpen(use, out stream))
                    continue;
                _usedAt = _time.GetTimestamp();
                return true;
            }
        }

        return false;
    }

    /// <summary>A session begins to use it.</summary>
    public void Enter() => Interlocked.Increment(ref _users);

    /// <summary>That session is over.</summary>
    public void Leave() => Interlocked.Decrement(ref _users);

    /// <summary>A stream, on a new connection if need be.</summary>
    /// <param name="use">What for.</param>
    /// <exception cref="IOException">The target cannot be reached, the credential cannot be read, or no connection had room in time.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">It is not the target.</exception>
    public async ValueTask<HttpStream> OpenAsync(UpstreamUse use, CancellationToken cancel)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(_limits.Connect);
        SemaphoreSlim turn = use == UpstreamUse.Any ? _connecting : _connectingHttp1;
        try
        {
            await turn.WaitAsync(late.Token).ConfigureAwait(false);
            try
            {
                return await OpenInTurnAsync(use, late.Token).ConfigureAwait(false);
            }
            finally
            {
                turn.Release();
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

    private async ValueTask<HttpStream> OpenInTurnAsync(UpstreamUse use, CancellationToken cancel)
    {
        bool http1 = use != UpstreamUse.Any;
        int made = 0;
        while (true)
        {
            await ReadCredentialAsync(cancel).ConfigureAwait(false);
            if (TryOpen(use, out HttpStream? stream))
                return stream;
            if (!MayConnect(http1, out Task room))
            {
                await room.WaitAsync(cancel).ConfigureAwait(false);
                continue;
            }

            // A target that ends its connections before one can be used is not asked without end.
            if (++made > MostAttempts)
                throw new IOException("the target ends its connections at once");
            UpstreamConnection connection = await UpstreamConnection.ConnectAsync(_target, _door, _limits, _time, http1, Gone, _failed, cancel).ConfigureAwait(false);
            if (!TryAdd(connection, http1))
            {
                await connection.DisposeAsync().ConfigureAwait(false);
                throw new IOException("connections to the target are no longer made");
            }

            connection.Start();
        }
    }

    /// <summary>Whether one more connection of that kind may be made.</summary>
    /// <param name="room">Completes when one of those that there are may have room.</param>
    private bool MayConnect(bool http1, out Task room)
    {
        bool isHttp1 = http1 || _isHttp1Only;
        lock (_lock)
        {
            UpstreamConnection[] live = [.. _connections.Where(connection => connection.IsHttp1 == isHttp1 && !connection.IsSpent)];
            bool mayConnect = live.Length < (isHttp1 ? _limits.UpstreamHttp1Connections : _limits.UpstreamConnections);
            room = mayConnect ? Task.CompletedTask : Task.WhenAny(live.Select(connection => connection.WhenRoom()));
            return mayConnect;
        }
    }

    /// <returns>False: we are disposed of.</returns>
    private bool TryAdd(UpstreamConnection connection, bool http1)
    {
        lock (_lock)
        {
            if (_isDisposed)
                return false;
            if (!http1)
                _isHttp1Only = connection.IsHttp1;
            _connections.Add(connection);
            return true;
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
