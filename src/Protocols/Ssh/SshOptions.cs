using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Transport;

namespace Sallyport.Protocols.Ssh;

/// <summary>A way to prove who one is (RFC 4252 names it on the wire).</summary>
public enum SshMethod : byte
{
    /// <summary>A key or certificate that signs.</summary>
    PublicKey,

    /// <summary>A token, or an issued password with its name.</summary>
    Password,

    /// <summary>The person logs in elsewhere while the client waits.</summary>
    KeyboardInteractive,
}

/// <summary>What an engine needs to know of the listener that a connection came in by.</summary>
public sealed record SshListener
{
    public required string Node { get; init; }

    public required string Name { get; init; }

    /// <summary>The gateway's host keys, as they are now.</summary>
    public required Func<SshServerKeys> HostKeys { get; init; }

    /// <summary>Host keys with a certificate for a target of this name, for connections through <c>ssh -J</c>; without an authority the gateway's own.</summary>
    public required Func<string, SshServerKeys> TargetHostKeys { get; init; }

    public SshTransportOptions Transport { get; init; } = SshTransportOptions.Default;

    public SshLimits Limits { get; init; } = new();

    /// <summary>Alternatives, each a sequence of factors that must all be met, by the same person (as OpenSSH's AuthenticationMethods).</summary>
    public IReadOnlyList<IReadOnlyList<SshMethod>> Methods { get; init; } = [[SshMethod.PublicKey], [SshMethod.Password], [SshMethod.KeyboardInteractive]];

    /// <summary>Called once when the client has proven who it is.</summary>
    public Action? Authenticated { get; init; }
}

/// <summary>Everything behind the engine.</summary>
public sealed record SshDoors
{
    public required ILogin Login { get; init; }

    public required IUpstream Upstream { get; init; }

    public required IPolicy Policy { get; init; }

    public required IRecorder Recorder { get; init; }

    public required ILiveSessions Sessions { get; init; }

    /// <summary>Who is asked about held actions; null: nobody, they are refused.</summary>
    public required IApprovals? Approvals { get; init; }

    public required TimeProvider Time { get; init; }
}

/// <summary>Every bound of the engine.</summary>
public sealed record SshLimits
{
    /// <summary>From accept to a target that is ready; a person who logs in elsewhere gets <see cref="Prompt"/> besides.</summary>
    public TimeSpan Handshake { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a person may take to log in elsewhere.</summary>
    public TimeSpan Prompt { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a person may be in the menu of targets, or connected for <c>ssh -J</c> without a connection inside, in all.</summary>
    public TimeSpan Lobby { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long what is asked for waits for somebody who must watch the session; as long as an approval does by default.</summary>
    public TimeSpan Watcher { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>USERAUTH_REQUESTs that may fail; keys that are merely asked about count too, since an agent may hold many.</summary>
    public int AuthAttempts { get; init; } = 20;

    /// <summary>Proofs (signatures, passwords, prompts) that may fail.</summary>
    public int AuthFailures { get; init; } = 6;

    /// <summary>Channels of one connection at a time.</summary>
    public int Channels { get; init; } = 1000;

    /// <summary>Terminals of one connection at a time: each has its screen kept here, about 2 MB when it is large and full.</summary>
    public int Terminals { get; init; } = 64;

    /// <summary>Requests of one connection that await an answer.</summary>
    public int PendingRequests { get; init; } = 256;

    /// <summary>Longest command, path or other text that is judged, bytes.</summary>
    public int Text { get; init; } = 128 << 10;

    /// <summary>Largest packet either side may send in a channel, bytes; larger maxima of peers are lowered to it.</summary>
    public int MaxPacket { get; init; } = 64 << 10;

    /// <summary>What a client gets to take the last word.</summary>
    public TimeSpan LastWord { get; init; } = TimeSpan.FromSeconds(2);
}
