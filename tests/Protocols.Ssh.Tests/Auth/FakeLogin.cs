using System.Net;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Keys;

namespace Sallyport.Protocols.Ssh.Tests.Auth;

/// <summary>A login that knows what the test has told it, and writes down what it was asked.</summary>
internal sealed class FakeLogin : ILogin
{
    public static readonly DateTimeOffset Expiry = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly Lock _lock = new();
    private readonly List<string> _asked = [];
    private readonly TaskCompletionSource<LoginResult> _prompt = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _withdrawn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>By the key's blob.</summary>
    public Dictionary<string, LoginResult> Keys { get; } = [];

    public Dictionary<string, LoginResult> Passwords { get; } = [];

    public IReadOnlyList<string> Asked
    {
        get
        {
            lock (_lock)
                return [.. _asked];
        }
    }

    public List<KeyProof> Proofs { get; } = [];

    public LoginPrompt Prompt { get; init; } = new("https://login.example/prompt?code=BCDF-GHJK", "BCDF-GHJK", DateTimeOffset.MaxValue);

    /// <summary>Done when a prompt was given up by the engine.</summary>
    public Task Withdrawn => _withdrawn.Task;

    public static LoginResult Person(string subject, LoginRestrictions? restrictions = null, params string[] targets) =>
        new(new Identity { Subject = subject, Issuer = "test", ExpiresAt = Expiry, Targets = [.. targets] }, null) { Restrictions = restrictions };

    public FakeLogin Knows(SshPrivateKey key, string subject, LoginRestrictions? restrictions = null)
    {
        Keys[Convert.ToHexString(key.PublicBlob.Span)] = Person(subject, restrictions);
        return this;
    }

    /// <summary>The person has answered in the browser.</summary>
    public void Answer(LoginResult result) => _prompt.TrySetResult(result);

    public ValueTask<LoginResult> LoginAsync(LoginProof proof, CancellationToken cancel) => throw new InvalidOperationException("not asked by ssh");

    public ValueTask<bool> IsKnownKeyAsync(KeyProof offered, CancellationToken cancel)
    {
        Note("known? " + Name(offered.Blob) + " for " + offered.ClaimedUser);
        return new(Keys.ContainsKey(Convert.ToHexString(offered.Blob.Span)));
    }

    public ValueTask<LoginResult> LoginKeyAsync(KeyProof proven, CancellationToken cancel)
    {
        Note("key " + Name(proven.Blob) + " for " + proven.ClaimedUser);
        lock (_lock)
            Proofs.Add(proven);
        return new(Keys.GetValueOrDefault(Convert.ToHexString(proven.Blob.Span), new LoginResult(null, "key-unknown")));
    }

    public ValueTask<LoginResult> LoginPasswordAsync(LoginProof proof, CancellationToken cancel)
    {
        Note("password for " + proof.ClaimedUser);
        return new(Passwords.GetValueOrDefault(proof.Token, new LoginResult(null, "token-unknown")));
    }

    public async ValueTask<LoginResult> PromptAsync(LoginAttempt attempt, Func<LoginPrompt, CancellationToken, ValueTask> show, CancellationToken cancel)
    {
        Note($"prompt for {attempt.ClaimedUser} to {attempt.Target}");
        await show(Prompt, cancel);
        try
        {
            return await _prompt.Task.WaitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            _withdrawn.TrySetResult();
            throw;
        }
    }

    public static string Name(ReadOnlyMemory<byte> blob) =>
        SshPublicKey.TryParse(blob.Span, out SshPublicKey? key) ? key.Fingerprint : SshCertificate.TryParse(blob.Span, out SshCertificate? certificate) ? "certificate " + certificate.KeyId : "nothing";

    private void Note(string what)
    {
        lock (_lock)
            _asked.Add(what);
    }
}
