using System.Net;

namespace Sallyport.Contract;

/// <summary>A bearer token, as a client offers it to prove who it is.</summary>
/// <param name="Token">As the client sent it. A secret.</param>
/// <param name="ClaimedUser">The user name it gave: a label only.</param>
/// <param name="Source">Where it comes from.</param>
public readonly record struct LoginProof(string Token, string ClaimedUser, IPEndPoint Source)
{
    public override string ToString() => $"proof of {ClaimedUser} from {Source}";
}

/// <summary>An identity, or a refusal whose reason is for the operator's eyes only.</summary>
/// <param name="Identity">Who it is; null when refused.</param>
/// <param name="Refusal">A fixed word for the audit (<c>token-expired</c>, <c>issuer-unknown</c>); null when accepted.</param>
public readonly record struct LoginResult(Identity? Identity, string? Refusal)
{
    /// <summary>What the proof itself forbids, whatever policy says; null: nothing.</summary>
    public LoginRestrictions? Restrictions { get; init; }
}

/// <summary>What a proof (an SSH certificate, a registered key) leaves its holder: permissions are only ever taken away.</summary>
public sealed record LoginRestrictions
{
    /// <summary>Runs instead of whatever is asked for (<c>force-command</c>); null: what is asked for.</summary>
    public string? ForceCommand { get; init; }

    public bool NoPty { get; init; }

    public bool NoForwarding { get; init; }

    public bool NoAgent { get; init; }

    public bool NoX11 { get; init; }

    /// <summary>The only accounts on targets that the proof is for (a certificate's principals), however they are named afterwards; null: any.</summary>
    public IReadOnlyList<string>? Accounts { get; init; }
}

/// <summary>A public key or certificate that a client has (RFC 4252 7).</summary>
/// <param name="Blob">The key in its wire form (RFC 4253 6.6), or an OpenSSH certificate.</param>
/// <param name="ClaimedUser">The user name it gave: the account it wants on the target, a label only.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="Present">A FIDO key says that a person touched it.</param>
/// <param name="Verified">A FIDO key says that it knows the person (PIN, fingerprint).</param>
public sealed record KeyProof(ReadOnlyMemory<byte> Blob, string ClaimedUser, IPEndPoint Source, bool Present = false, bool Verified = false);

/// <summary>Who wants to log in without having anything to prove it by, for the person who is asked to do it elsewhere.</summary>
/// <param name="ClaimedUser">Who it says it is: only that person's login is taken.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="Client">What it says it is.</param>
/// <param name="Target">Where it wants to go.</param>
public sealed record LoginAttempt(string ClaimedUser, IPEndPoint Source, string Client, string Target);

/// <summary>Where a person logs in for a waiting client, and by what code the two are told to be the same.</summary>
public sealed record LoginPrompt(string Url, string Code, DateTimeOffset ExpiresAt);

/// <summary>What a SCRAM-SHA-256 server must know (RFC 5802 3) of an issued password.</summary>
public abstract class ScramLogin
{
    public required byte[] Salt { get; init; }

    public required int Iterations { get; init; }

    public required byte[] StoredKey { get; init; }

    public required byte[] ServerKey { get; init; }

    /// <summary>To be called once, whether or not the client has proven that it knows the password.</summary>
    public abstract ValueTask<LoginResult> CompleteAsync(bool proven, CancellationToken cancel);
}

/// <summary>Turns a proof into an identity. Never throws for a bad proof: a failure of any kind is a refusal.</summary>
public interface ILogin
{
    /// <summary>The OpenID Provider that a client can get a token from (RFC 7628 3.2.2: the address of its discovery document); null: there is none.</summary>
    string? DiscoveryUrl => null;

    ValueTask<LoginResult> LoginAsync(LoginProof proof, CancellationToken cancel);

    /// <summary>Whether a signature by this key could prove anything: asked before the client signs, it says nothing of who it is.</summary>
    ValueTask<bool> IsKnownKeyAsync(KeyProof offered, CancellationToken cancel) => default;

    /// <summary>Who has signed with this key. The caller has verified the signature.</summary>
    ValueTask<LoginResult> LoginKeyAsync(KeyProof proven, CancellationToken cancel) => new(new LoginResult(null, "keys-unavailable"));

    /// <summary>A password that came as it is: a token, or an issued password with its name (<c>sp-name:password</c>).</summary>
    ValueTask<LoginResult> LoginPasswordAsync(LoginProof proof, CancellationToken cancel) => LoginAsync(proof, cancel);

    /// <summary>The issued password of this user name. A name that has the form of one and is none gets a made-up one, which nothing proves; null: names of this form are not issued.</summary>
    ValueTask<ScramLogin?> FindIssuedAsync(string user, IPEndPoint source, CancellationToken cancel) => default;

    /// <summary>Lets a person log in elsewhere, shown where by <paramref name="show"/>, and waits for it while the client is there.</summary>
    ValueTask<LoginResult> PromptAsync(LoginAttempt attempt, Func<LoginPrompt, CancellationToken, ValueTask> show, CancellationToken cancel) =>
        new(new LoginResult(null, "prompt-unavailable"));
}
