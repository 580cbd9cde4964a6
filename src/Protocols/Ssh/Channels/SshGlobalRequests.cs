using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Ssh.Channels;

/// <summary>The client's SSH_MSG_GLOBAL_REQUEST (RFC 4254 4, 7.1; OpenSSH PROTOCOL 2): where the target is to listen for it, judged; the rest answered here.</summary>
internal sealed class SshGlobalRequests(SshShared shared, SshActions actions, SshRefuser refuser, SshHolds holds, SshOpens opens, SshUnwatched unwatched)
{
    public async ValueTask RequestAsync(Memory<byte> message, CancellationToken cancel)
    {
        if (!TryRead(message.Span, out string type, out bool wantReply, out int restAt))
            throw SshShared.Violation(SshSide.Client, "a GLOBAL_REQUEST that cannot be read");
        // Replies carry no name: what comes behind a request that waits for a watcher is answered behind it.
        bool isJudged = type is "tcpip-forward" or "streamlocal-forward@openssh.com";
        if (isJudged || unwatched.Until(this) is not null)
        {
            byte[] kept = message.ToArray();
            if (unwatched.TryKeep(this, isJudged, kept.Length, go => RequestAsync(kept, go)))
                return;
        }

        switch (type)
        {
            case "tcpip-forward" or "streamlocal-forward@openssh.com":
                await ForwardAsync(message.ToArray(), type, wantReply, restAt, cancel).ConfigureAwait(false);
                break;
            case "cancel-tcpip-forward" or "cancel-streamlocal-forward@openssh.com":
                await CancelAsync(message, type, wantReply, restAt, cancel).ConfigureAwait(false);
                break;
            case "no-more-sessions@openssh.com":
                opens.NoMoreSessions();
                await OwnAsync(wantReply, SshReply.Success, null, cancel).ConfigureAwait(false);
                break;
            case "keepalive@openssh.com":
                await OwnAsync(wantReply, SshReply.Failure, null, cancel).ConfigureAwait(false);
                break;
            case "hostkeys-prove-00@openssh.com":
                byte[]? proof = SshHostKeyProof.Prove(message[restAt..].Span, shared.Listener.HostKeys(), shared.Transport(SshSide.Client).SessionId.Span);
                await OwnAsync(wantReply, proof is null ? SshReply.Failure : SshReply.Success, proof, cancel).ConfigureAwait(false);
                break;
            default:
                shared.Context.Event("refused", $"global request {SshNames.Shown(type)}");
                await OwnAsync(wantReply, SshReply.Failure, null, cancel).ConfigureAwait(false);
                break;
        }
    }

    /// <summary>byte number, string type, boolean want reply, and what the type adds.</summary>
    internal static bool TryRead(ReadOnlySpan<byte> message, out string type, out bool wantReply, out int restAt)
    {
        var reader = new SshReader(message[1..]);
        type = reader.ReadText(SshNames.Longest);
        wantReply = reader.ReadBool();
        restAt = message.Length - reader.Left;
        return !reader.Failed;
    }

    /// <summary>Where the target is to listen: string address and uint32 port, or string path.</summary>
    internal sealed record Asked(string Address, uint Port, bool IsPath)
    {
        /// <summary>Where it listens: the target chooses when it is asked for port 0.</summary>
        public uint Bound { get; set; }

        /// <summary>What it was approved by has ended.</summary>
        public bool IsEnded { get; set; }
    }

    private static bool TryReadAddress(ReadOnlySpan<byte> rest, bool isPath, out Asked asked)
    {
        var reader = new SshReader(rest);
        string address = reader.ReadText(isPath ? SshNames.LongestPath : SshNames.LongestHost);
        uint port = isPath ? 0 : reader.ReadUInt32();
        asked = new Asked(address, port, isPath);
        return reader.AtEnd && port <= 65535 && (!isPath || address.Length > 0);
    }

    private async ValueTask ForwardAsync(byte[] message, string type, bool wantReply, int restAt, CancellationToken cancel)
    {
        if (!TryReadAddress(message.AsSpan(restAt), type[0] == 's', out Asked asked))
            throw SshShared.Violation(SshSide.Client, $"a {type} that cannot be read");
        // Who does not want to know whether the target listens cannot be told to stop expecting it.
        string? unable = !wantReply ? "without a reply" : shared.Restrictions.NoForwarding ? "not permitted by the key or certificate" : !shared.Forwards.TryAsk() ? "too many" : null;
        if (unable is not null)
        {
            shared.Context.Event("refused", $"{type}: {unable}");
            await OwnAsync(wantReply, SshReply.Failure, null, cancel).ConfigureAwait(false);
            return;
        }

        Verdict verdict = shared.Context.Judge(View(asked), out bool mustWait);
        if (mustWait)
            await shared.Context.ReadyAsync(cancel).ConfigureAwait(false);
        if (verdict.Kind == VerdictKind.Deny)
        {
            shared.Forwards.Answer(asked, asked.Port, granted: false);
            Tell(SshRefusal.FromVerdict(verdict, $"the target does not listen on {asked.Address}:{asked.Port}"));
            await OwnAsync(wantReply, SshReply.Failure, null, cancel).ConfigureAwait(false);
            return;
        }

        SshDebt debt = shared.OwedToClient.Add(verdict.Kind == VerdictKind.Allow ? SshReply.Theirs : SshReply.Waiting, asked)
            ?? throw SshShared.Violation(SshSide.Client, "more requests than may await an answer");
        if (verdict.Kind == VerdictKind.Allow)
        {
            await shared.SendAsync(SshSide.Target, message, cancel).ConfigureAwait(false);
            return;
        }

        HeldAction held = SshActions.Held(View(asked), shared.Context.Facts, shared.Context.HoldingRules(View(asked)));
        holds.Begin(verdict, held, static (_, _) => default, outcome => DecidedAsync(message, asked, debt, verdict, outcome, cancel));
    }

    private async ValueTask DecidedAsync(byte[] message, Asked asked, SshDebt debt, Verdict verdict, HoldOutcome outcome, CancellationToken cancel)
    {
        if (outcome.Approved)
        {
            shared.Context.Event("approval", $"{outcome.Id} listening");
            shared.Kept.Keep(outcome, asked, (why, stop) => EndAsync(asked, outcome, why, stop));
            shared.OwedToClient.Resolve(debt, SshReply.Theirs);
            await shared.SendAsync(SshSide.Target, message, cancel).ConfigureAwait(false);
            return;
        }

        shared.Forwards.Answer(asked, asked.Port, granted: false);
        Tell(SshRefusal.FromOutcome(verdict, outcome, "the target does not listen"));
        shared.OwedToClient.Resolve(debt, SshReply.Failure);
        await shared.PayAsync(shared.OwedToClient, SshSide.Client, channel: null, cancel).ConfigureAwait(false);
    }

    /// <summary>Ends a listener, and what has come in by it, as what it was approved by has ended.</summary>
    private async ValueTask EndAsync(Asked asked, HoldOutcome approval, string why, CancellationToken cancel)
    {
        shared.Context.Event("approval-ended", $"{approval.Id} listening");
        shared.Unlisten(asked);
        Tell($"sallyport: the target does not listen on {asked.Address}:{asked.Bound} any more: {why}");
        string about = asked.IsPath ? asked.Address : $"{asked.Address}:{asked.Bound}";
        SshChannelKind kind = asked.IsPath ? SshChannelKind.ForwardedStreamlocal : SshChannelKind.ForwardedTcpip;
        foreach (SshChannel channel in shared.Channels.All().Where(channel => channel.Kind == kind && channel.About == about))
            await refuser.CutAsync(channel, approval, why, cancel).ConfigureAwait(false);
    }

    private async ValueTask CancelAsync(ReadOnlyMemory<byte> message, string type, bool wantReply, int restAt, CancellationToken cancel)
    {
        if (!TryReadAddress(message.Span[restAt..], type.StartsWith("cancel-s", StringComparison.Ordinal), out Asked asked))
            throw SshShared.Violation(SshSide.Client, $"a {type} that cannot be read");
        if (!shared.Forwards.Contains(asked.Address, asked.Port))
        {
            await OwnAsync(wantReply, SshReply.Failure, null, cancel).ConfigureAwait(false);
            return;
        }

        if (shared.Forwards.Cancel(asked.Address, asked.Port) is { } listening)
            shared.Kept.Release(listening);
        if (wantReply && shared.OwedToClient.Add(SshReply.Theirs) is null)
            throw SshShared.Violation(SshSide.Client, "more requests than may await an answer");
        await shared.SendAsync(SshSide.Target, message, cancel).ConfigureAwait(false);
    }

    private ActionView View(Asked asked) => asked.IsPath
        ? actions.One(ActionKind.PortForward, Verb.ForwardRemote, Encoding.UTF8.GetBytes(asked.Address))
        : actions.Destination(Verb.ForwardRemote, Encoding.UTF8.GetBytes(asked.Address), asked.Port);

    /// <summary>A refused global request has no place for words; clients show SSH_MSG_DEBUG when they are asked to be verbose (RFC 4253 11.3).</summary>
    private void Tell(string text) => shared.Answer(SshSide.Client, new SshWriter().Begin(SshMessageNumber.Debug).Boolean(true).String(text).String("").Written);

    private async ValueTask OwnAsync(bool wantReply, SshReply reply, byte[]? body, CancellationToken cancel)
    {
        if (!wantReply)
            return;
        if (shared.OwedToClient.Add(reply, null, body) is null)
            throw SshShared.Violation(SshSide.Client, "more requests than may await an answer");
        await shared.PayAsync(shared.OwedToClient, SshSide.Client, channel: null, cancel).ConfigureAwait(false);
    }
}
