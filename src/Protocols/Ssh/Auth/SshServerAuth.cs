using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh.Auth;

/// <summary>What the login of one client needs.</summary>
internal sealed record SshServerAuthParts
{
    public required SshTransport Transport { get; init; }

    public required SshListener Listener { get; init; }

    public required ILogin Login { get; init; }

    /// <summary>The host keys the transport was given: a request bound to a host key must name one of them.</summary>
    public required SshServerKeys HostKeys { get; init; }

    public required TimeProvider Time { get; init; }

    /// <summary>Puts the end of the handshake off: from now on it has this long. A person who logs in elsewhere needs it.</summary>
    public Action<TimeSpan> Extend { get; init; } = _ => { };
}

/// <summary>
/// The server's side of RFC 4252: finds out who a client is. It ends with an identity and without SUCCESS, so that the client can still be told why
/// it may not go where it wants (<see cref="RefuseAsync"/>). Until then nothing but what <see cref="SshAuthState"/> allows is looked at.
/// </summary>
/// <remarks>
/// The identity is that of the proof in the very request that succeeds: nothing that was offered, asked about or failed before leaves a trace in it.
/// </remarks>
internal sealed class SshServerAuth
{
    private readonly SshServerAuthParts _parts;
    private readonly SshFactors _factors;
    private readonly SshKeyLogin _keys;
    private readonly SshPromptLogin _prompts;
    private Task<Memory<byte>>? _reading;
    private Memory<byte> _held;
    private (string User, string Service)? _who;
    private string? _lastRefusal;
    private int _requests;
    private int _failures;

    public SshServerAuth(SshServerAuthParts parts)
    {
        _parts = parts;
        _factors = new SshFactors(parts.Listener.Methods);
        _keys = new SshKeyLogin(parts);
        _prompts = new SshPromptLogin(this, parts);
    }

    /// <summary>What the client may send now.</summary>
    public SshAuthState State { get; set; }

    private SshTransport Transport => _parts.Transport;

    private SshLimits Limits => _parts.Listener.Limits;

    /// <summary>Waits until the client has proven who it is, by all that one of the listener's alternatives asks for.</summary>
    /// <exception cref="SshEndException">It has not, and has been told so.</exception>
    /// <exception cref="IOException">The connection broke.</exception>
    public async ValueTask<SshLoggedIn> RunAsync(CancellationToken cancel)
    {
        try
        {
            while (!_factors.IsMet)
            {
                Memory<byte> message = await TakeAsync(cancel).ConfigureAwait(false);
                if (message.Span[0] == SshMessageNumber.ServiceRequest)
                    await AcceptServiceAsync(message, cancel).ConfigureAwait(false);
                else
                    await HandleAsync(message, cancel).ConfigureAwait(false);
            }
        }
        catch (SshEndException end)
        {
            State = SshAuthState.Closed;
            await Transport.DisconnectAsync(end.DisconnectReason, end.Message).ConfigureAwait(false);
            throw;
        }

        State = SshAuthState.Closed;
        return new SshLoggedIn(_factors.Identity!, _factors.Restrictions, _who!.Value.User, [.. _factors.Used]);
    }

    /// <summary>Lets the client in: after <see cref="RunAsync"/>, once.</summary>
    public async ValueTask SucceedAsync(CancellationToken cancel)
    {
        await Transport.WriteAsync(new[] { SshMessageNumber.UserauthSuccess }, cancel).ConfigureAwait(false);
        Transport.Authenticated();
    }

    /// <summary>Tells the client in words why it is not let in, and ends the connection.</summary>
    public async ValueTask RefuseAsync(string why, CancellationToken cancel)
    {
        State = SshAuthState.Closed;
        await Transport.WriteAsync(SshAuthMessages.Banner(why), cancel).ConfigureAwait(false);
        await Transport.DisconnectAsync(SshDisconnectReason.ByApplication, SshAuthMessages.Clean(why)).ConfigureAwait(false);
    }

    /// <summary>Shows the person a line before the login is over.</summary>
    public ValueTask BannerAsync(string text, CancellationToken cancel) => Transport.WriteAsync(SshAuthMessages.Banner(text), cancel);

    /// <summary>A read that goes on while something else is waited for; <see cref="TakeAsync"/> takes what it brings.</summary>
    internal Task Reading(CancellationToken cancel) => _reading ??= Transport.ReadAsync(cancel).AsTask();

    /// <summary>Gives a message back: the loop takes it as the next.</summary>
    internal void Hold(Memory<byte> message) => _held = message;

    /// <summary>The next message, which is one that the state allows.</summary>
    internal async ValueTask<Memory<byte>> TakeAsync(CancellationToken cancel)
    {
        Memory<byte> message = _held;
        _held = default;
        if (!message.IsEmpty)
            return message;
        Task<Memory<byte>>? reading = _reading;
        _reading = null;
        message = reading is null ? await Transport.ReadAsync(cancel).ConfigureAwait(false) : await reading.ConfigureAwait(false);

        // What follows hashes, verifies and asks the store: not on the thread that polls all sockets.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (message.IsEmpty)
            throw Left();
        if (!SshAuthStates.TryAdvance(State, message.Span[0], out SshAuthState next))
            throw Violation("a message that is not legal before the login");
        State = next;
        return message;
    }

    internal static SshEndException Violation(string message, uint reason = SshDisconnectReason.ProtocolError) =>
        End("protocol-violation", reason, message);

    private static SshEndException End(string word, uint reason, string message, string? detail = null) =>
        new(new SessionEnd(SessionSide.Client, SessionStage.Login, word, reason.ToString(System.Globalization.CultureInfo.InvariantCulture), detail ?? message), reason, message);

    private SshEndException Left() => _lastRefusal is { } refusal
        ? End("login-refused", 0, "the client has left", refusal)
        : End("closed-early", 0, "the client has left", Transport.PeerDisconnect);

    private async ValueTask AcceptServiceAsync(Memory<byte> message, CancellationToken cancel)
    {
        var reader = new SshReader(message.Span[1..]);
        string service = reader.ReadText(64);
        if (!reader.AtEnd || service != SshAuthMessages.Service)
            throw Violation("the service is not available: there is a login first", SshDisconnectReason.ServiceNotAvailable);
        await Transport.WriteAsync(SshAuthMessages.Accept(), cancel).ConfigureAwait(false);
    }

    private async ValueTask HandleAsync(Memory<byte> message, CancellationToken cancel)
    {
        if (!SshAuthRequest.TryParse(message, out SshAuthRequest request))
            throw Violation("malformed USERAUTH_REQUEST");
        if (request.Service != SshAuthMessages.Connection)
            throw Violation("the service is not available", SshDisconnectReason.ServiceNotAvailable);
        if (++_requests > Limits.AuthAttempts)
            throw TooMany();
        if (_who is { } who && who != (request.User, request.Service))
            _factors.Reset();
        _who = (request.User, request.Service);
        SshFactor? tried = await TryAsync(request, cancel).ConfigureAwait(false);
        if (tried is not { } factor)
        {
            // A login elsewhere that was given up for another request took time, and a prompt's place.
            if (!_held.IsEmpty && ++_failures >= Limits.AuthFailures)
                throw TooMany();
            return;
        }

        _lastRefusal = _factors.Add(factor);
        if (_lastRefusal is not null && ++_failures >= Limits.AuthFailures)
            throw TooMany();
        if (_factors.IsMet)
            return;
        if (_lastRefusal is null)
            await BannerAsync($"That is one proof. Still needed: {string.Join(" or ", _factors.Next.Select(SshAuthMessages.NameOf))}.", cancel).ConfigureAwait(false);
        await FailAsync(partial: _lastRefusal is null, cancel).ConfigureAwait(false);
    }

    /// <summary>One request. Null: it is answered, or another has taken its place; nothing was proven or disproven.</summary>
    private async ValueTask<SshFactor?> TryAsync(SshAuthRequest request, CancellationToken cancel)
    {
        SshMethod? method = request.Method switch
        {
            "publickey" or SshKeyLogin.HostBound => SshMethod.PublicKey,
            "password" => SshMethod.Password,
            "keyboard-interactive" => SshMethod.KeyboardInteractive,
            _ => null,
        };

        // Also "none", by which clients ask for the list.
        if (method is not { } asked || !_factors.Next.Contains(asked))
        {
            await FailAsync(partial: false, cancel).ConfigureAwait(false);
            return null;
        }

        if (asked == SshMethod.KeyboardInteractive)
            return await _prompts.RunAsync(request, _factors.Identity?.Subject, cancel).ConfigureAwait(false);
        if (asked == SshMethod.Password)
            return await SshPasswordLogin.RunAsync(request, _parts, cancel).ConfigureAwait(false);
        SshKeyAnswer answer = await _keys.RunAsync(request, cancel).ConfigureAwait(false);
        if (answer.Reply is { } reply)
            await Transport.WriteAsync(reply, cancel).ConfigureAwait(false);
        else if (answer.Factor is null)
            await FailAsync(partial: false, cancel).ConfigureAwait(false);
        return answer.Factor;
    }

    private ValueTask FailAsync(bool partial, CancellationToken cancel) => Transport.WriteAsync(SshAuthMessages.Failure(_factors.Next, partial), cancel);

    private SshEndException TooMany() =>
        End("login-refused", SshDisconnectReason.NoMoreAuthMethodsAvailable, "Too many authentication failures", _lastRefusal ?? "too many requests");
}
