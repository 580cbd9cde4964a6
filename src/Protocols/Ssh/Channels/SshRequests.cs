using System.Buffers.Binary;
using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>The client's SSH_MSG_CHANNEL_REQUEST (RFC 4254 6): what a session may have and run, judged before the target hears of it.</summary>
internal sealed class SshRequests(SshShared shared, SshRelay relay, SshActions actions, SshStart start, SshUnwatched unwatched)
{
    private const string NoTerminal = "no terminal was allocated";

    public async ValueTask RequestAsync(SshChannel channel, Memory<byte> message, CancellationToken cancel)
    {
        if (!TryRead(message.Span, out string type, out bool wantReply, out int restAt))
            throw SshShared.Violation(SshSide.Client, "a CHANNEL_REQUEST that cannot be read");
        shared.Touch();
        if (channel.IsDropped)
            return;
        var request = new SshRequest(channel, message, type, wantReply, restAt);
        if (!KeepsForWatcher(request))
            await TakeAsync(request, cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// While nobody watches who must, what would be judged waits, and with it everything behind it: whatever the channel is to run depends on all of them. The
    /// client is told when it has asked for something to run.
    /// </summary>
    private bool KeepsForWatcher(SshRequest request)
    {
        SshChannel channel = request.Channel;
        bool starts = request.Type is "shell" or "exec" or "subsystem";
        bool isJudged = channel.Kind == SshChannelKind.Session && channel.Waiting is null
            && (request.Type == "auth-agent-req@openssh.com" || (!channel.IsStarted && (starts || request.Type is "pty-req" or "env" or "x11-req")));
        if (!isJudged && unwatched.Until(channel) is null)
            return false;
        SshRequest kept = request with { Message = request.Message.ToArray() };
        if (!unwatched.TryKeep(channel, isJudged, kept.Message.Length, go => kept.Channel.IsDropped ? default : TakeAsync(kept, go)))
            return false;
        channel.AsksForPty |= request.Type == "pty-req";
        if (starts && shared.Context.Awaited is { } hint && unwatched.Until(channel) is { } until)
        {
            shared.Context.Event("unwatched", $"channel {channel.Number} waits: {request.Type}");
            channel.Say.Say(SshRefusal.Lines(SshRefusal.WaitsForWatcher(hint, until), channel.HasPty || channel.AsksForPty), isError: true);
        }

        return true;
    }

    private async ValueTask TakeAsync(SshRequest request, CancellationToken cancel)
    {
        (SshChannel channel, string type) = (request.Channel, request.Type);
        bool isSession = channel.Kind == SshChannelKind.Session;

        // While a person is asked about this channel it stands still, but for what a terminal says of itself.
        if (channel.Waiting is not null && type is not ("window-change" or "signal" or "break"))
        {
            await RefuseAsync(request, $"{type} while its command waits for approval", cancel).ConfigureAwait(false);
            return;
        }

        switch (type)
        {
            case "pty-req" when isSession && !channel.IsStarted && !channel.HasPty:
                await PtyAsync(request, cancel).ConfigureAwait(false);
                break;
            case "env" when isSession && !channel.IsStarted:
                await EnvAsync(request, cancel).ConfigureAwait(false);
                break;
            case "subsystem" when isSession && !channel.IsStarted && !SshStart.IsSubsystemName(request.Rest.Span):
                await RefuseAsync(request, "a subsystem whose name is none", cancel).ConfigureAwait(false);
                break;
            case "shell" or "exec" or "subsystem" when isSession && !channel.IsStarted:
                await start.StartAsync(request, cancel).ConfigureAwait(false);
                break;
            case "auth-agent-req@openssh.com" when isSession:
                await ForwardingAsync(request, Verb.ForwardAgent, shared.Restrictions.NoAgent, cancel).ConfigureAwait(false);
                break;
            case "x11-req" when isSession && !channel.IsStarted:
                await ForwardingAsync(request, Verb.ForwardX11, shared.Restrictions.NoX11, cancel).ConfigureAwait(false);
                break;
            case "window-change" when isSession && channel.HasPty:
                await WindowChangeAsync(request, cancel).ConfigureAwait(false);
                break;
            case "signal" or "break" when isSession && channel.IsStarted:
                await shared.Context.WhileSuspendedAsync(cancel).ConfigureAwait(false);
                await PassAsync(request, about: null, cancel).ConfigureAwait(false);
                break;
            case "eow@openssh.com":
                await PassAsync(request, about: null, cancel).ConfigureAwait(false);
                break;
            case "keepalive@openssh.com":
                await OwnAsync(request, SshReply.Failure, cancel).ConfigureAwait(false);
                break;
            default:
                await RefuseAsync(request, $"channel request {SshNames.Shown(type)}", cancel).ConfigureAwait(false);
                break;
        }
    }

    /// <summary>byte number, uint32 channel, string type, boolean want reply, and what the type adds.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> message, out string type, out bool wantReply, out int restAt)
    {
        var reader = new SshReader(message[5..]);
        type = reader.ReadText(SshNames.Longest);
        wantReply = reader.ReadBool();
        restAt = message.Length - reader.Left;
        return !reader.Failed;
    }

    /// <summary>Passes a request on, with the reply owed to it when there is to be one.</summary>
    internal async ValueTask PassAsync(SshRequest request, object? about, CancellationToken cancel)
    {
        if (request.WantReply && request.Channel.OwedToClient.Add(SshReply.Theirs, about) is null)
            throw SshShared.Violation(SshSide.Client, "more requests than may await an answer");
        await relay.PassAsync(request.Channel, request.Message, cancel).ConfigureAwait(false);
    }

    /// <summary>Answers a request here, in its place among the others.</summary>
    internal async ValueTask OwnAsync(SshRequest request, SshReply reply, CancellationToken cancel)
    {
        if (!request.WantReply)
            return;
        if (request.Channel.OwedToClient.Add(reply) is null)
            throw SshShared.Violation(SshSide.Client, "more requests than may await an answer");
        await shared.PayAsync(request.Channel.OwedToClient, SshSide.Client, request.Channel, cancel).ConfigureAwait(false);
    }

    internal async ValueTask RefuseAsync(SshRequest request, string what, CancellationToken cancel)
    {
        if (!shared.Context.Event("refused", what))
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        await OwnAsync(request, SshReply.Failure, cancel).ConfigureAwait(false);
    }

    /// <summary>string TERM, uint32 columns, rows, width, height in pixels, string modes (RFC 4254 6.2).</summary>
    private async ValueTask PtyAsync(SshRequest request, CancellationToken cancel)
    {
        if (!TryReadPty(request.Rest.Span, out uint columns, out uint rows))
            throw SshShared.Violation(SshSide.Client, "a pty-req that cannot be read");
        SshChannel channel = request.Channel;
        channel.AsksForPty = false;
        if (shared.Restrictions.NoPty)
        {
            channel.NoPty = SshRefusal.FromRestriction(NoTerminal);
            await RefuseAsync(request, "a terminal: not permitted by the key or certificate", cancel).ConfigureAwait(false);
            return;
        }

        Verdict verdict = await JudgeAsync(ActionKind.Command, Verb.Pty, default, cancel).ConfigureAwait(false);
        if (verdict.Kind != VerdictKind.Allow)
        {
            channel.NoPty = SshRefusal.FromVerdict(verdict, NoTerminal);
            await OwnAsync(request, SshReply.Failure, cancel).ConfigureAwait(false);
            return;
        }

        if (channel.Terminal is null && !shared.TryAddTerminal())
        {
            channel.NoPty = $"sallyport: {NoTerminal}: at most {shared.Limits.Terminals} of one connection at a time";
            await RefuseAsync(request, "a terminal: there are too many", cancel).ConfigureAwait(false);
            return;
        }

        channel.HasPty = true;
        channel.Terminal = new SshTerminal(shared, channel, columns, rows);
        await PassAsync(request, SshRelay.Pty, cancel).ConfigureAwait(false);
    }

    private static bool TryReadPty(ReadOnlySpan<byte> rest, out uint columns, out uint rows)
    {
        var reader = new SshReader(rest);
        reader.ReadText(SshNames.Longest);
        columns = reader.ReadUInt32();
        rows = reader.ReadUInt32();
        reader.ReadUInt32();
        reader.ReadUInt32();
        reader.ReadString();
        return reader.AtEnd;
    }

    /// <summary>string name, string value (RFC 4254 6.4).</summary>
    private async ValueTask EnvAsync(SshRequest request, CancellationToken cancel)
    {
        if (!TryReadEnv(request.Rest.Span, out string name))
            throw SshShared.Violation(SshSide.Client, "an env that cannot be read");
        bool tooMany = request.Channel.Environment.Count + request.Rest.Length > shared.Limits.Text;
        if (!tooMany && await IsAllowedAsync(ActionKind.Command, Verb.Env, Encoding.UTF8.GetBytes(name), cancel).ConfigureAwait(false))
        {
            request.Channel.Environment.AddRange(request.Rest.Span);
            await PassAsync(request, about: null, cancel).ConfigureAwait(false);
        }
        else
            await OwnAsync(request, SshReply.Failure, cancel).ConfigureAwait(false);
    }

    private static bool TryReadEnv(ReadOnlySpan<byte> rest, out string name)
    {
        var reader = new SshReader(rest);
        name = reader.ReadText(SshNames.LongestHost);
        reader.ReadString();
        return reader.AtEnd && name.Length > 0;
    }

    /// <summary>Agent and X11 forwarding (OpenSSH PROTOCOL.agent, RFC 4254 6.3): the target will be able to use what the client has.</summary>
    private async ValueTask ForwardingAsync(SshRequest request, Verb verb, bool forbidden, CancellationToken cancel)
    {
        if (forbidden)
        {
            await RefuseAsync(request, $"{request.Type}: not permitted by the key or certificate", cancel).ConfigureAwait(false);
            return;
        }

        Verdict verdict = shared.Context.Judge(actions.One(ActionKind.PortForward, verb, default), out bool mustWait);
        if (mustWait)
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        if (verdict.Kind != VerdictKind.Allow)
        {
            // Many clients ask for it at every login, and CHANNEL_FAILURE has no words: those who are asked to be verbose show SSH_MSG_DEBUG (RFC 4253 11.3).
            shared.Answer(SshSide.Client, new SshWriter().Begin(SshMessageNumber.Debug).Boolean(true)
                .String(SshRefusal.FromVerdict(verdict, verb == Verb.ForwardAgent ? "the agent is not forwarded" : "X11 is not forwarded")).String("").Written);
            await OwnAsync(request, SshReply.Failure, cancel).ConfigureAwait(false);
            return;
        }

        if (verb == Verb.ForwardAgent)
            shared.Forwards.Agent = true;
        else
            shared.Forwards.X11 = true;

        // The message of x11-req carries the display's cookie, so it is not recorded; that it was asked for is in the decision.
        if (request.WantReply && request.Channel.OwedToClient.Add(SshReply.Theirs) is null)
            throw SshShared.Violation(SshSide.Client, "more requests than may await an answer");
        BinaryPrimitives.WriteUInt32BigEndian(request.Message.Span[1..], request.Channel.PeerNumber(SshSide.Target));
        await shared.SendAsync(SshSide.Target, request.Message, cancel).ConfigureAwait(false);
    }

    /// <summary>uint32 columns, rows, width, height (RFC 4254 6.7).</summary>
    private async ValueTask WindowChangeAsync(SshRequest request, CancellationToken cancel)
    {
        if (request.Rest.Length != 16)
            throw SshShared.Violation(SshSide.Client, "a window-change of another length");
        request.Channel.Terminal?.Resize(BinaryPrimitives.ReadUInt32BigEndian(request.Rest.Span), BinaryPrimitives.ReadUInt32BigEndian(request.Rest.Span[4..]));
        await PassAsync(request, about: null, cancel).ConfigureAwait(false);
    }

    /// <summary>Judges what cannot be held: a person who must be asked about the command is asked about the command.</summary>
    private async ValueTask<Verdict> JudgeAsync(ActionKind kind, Verb verb, byte[]? name, CancellationToken cancel)
    {
        Verdict verdict = shared.Context.Judge(actions.One(kind, verb, name), out bool mustWait);
        if (mustWait)
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        return verdict;
    }

    private async ValueTask<bool> IsAllowedAsync(ActionKind kind, Verb verb, byte[]? name, CancellationToken cancel) =>
        (await JudgeAsync(kind, verb, name, cancel).ConfigureAwait(false)).Kind == VerdictKind.Allow;
}

/// <summary>One CHANNEL_REQUEST.</summary>
/// <param name="RestAt">Where what the type adds begins in <paramref name="Message"/>.</param>
internal readonly record struct SshRequest(SshChannel Channel, Memory<byte> Message, string Type, bool WantReply, int RestAt)
{
    public ReadOnlyMemory<byte> Rest => Message[RestAt..];
}
