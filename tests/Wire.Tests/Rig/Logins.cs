using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace Sallyport.Wire.Tests.Rig;

/// <summary>Knows one token, one issued password, and a person whose login a test decides.</summary>
internal sealed class AllLogins : ILogin
{
    public const string Discovery = "https://login.example.com/.well-known/openid-configuration";
    public const string IssuedUser = "st_alice";
    public const string IssuedPassword = "correct horse";

    private readonly TaskCompletionSource<LoginResult> _person = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string? DiscoveryUrl { get; init; } = Discovery;

    /// <summary>When the prompt expires.</summary>
    public TimeSpan PromptLife { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>What was claimed and from where, by each way in.</summary>
    public List<string> Claims { get; } = [];

    public Issued Password { get; } = new(IssuedPassword);

    /// <summary>Completes when a prompt was cancelled.</summary>
    public TaskCompletionSource Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public static Identity Alice { get; } = new() { Subject = "alice", Groups = ["engineers"], Issuer = "test", ExpiresAt = DateTimeOffset.MaxValue };

    public ValueTask<LoginResult> LoginAsync(LoginProof proof, CancellationToken cancel)
    {
        Claims.Add($"token of {proof.ClaimedUser}");
        return ValueTask.FromResult(proof.Token == Doors.GoodToken ? new LoginResult(Alice, null) : new LoginResult(null, "token-unknown"));
    }

    public ValueTask<ScramLogin?> FindIssuedAsync(string user, IPEndPoint source, CancellationToken cancel) =>
        ValueTask.FromResult<ScramLogin?>(user == IssuedUser ? Password : user.StartsWith("st_", StringComparison.Ordinal) ? Password.Mock : null);

    public async ValueTask<LoginResult> PromptAsync(LoginAttempt attempt, Func<LoginPrompt, CancellationToken, ValueTask> show, CancellationToken cancel)
    {
        Claims.Add($"prompt of {attempt.ClaimedUser} for {attempt.Target} by {attempt.Client}");
        await show(new LoginPrompt("https://login.example.com/device", "WXYZ-1234", DateTimeOffset.UtcNow + PromptLife), cancel);
        try
        {
            return await _person.Task.WaitAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            Cancelled.TrySetResult();
            throw;
        }
    }

    public void PersonSays(LoginResult result) => _person.SetResult(result);

    /// <summary>A verifier, made as PostgreSQL makes one, that counts how it was told.</summary>
    internal sealed class Issued : ScramLogin
    {
        private readonly List<bool> _completions = [];
        private readonly Issued? _mock;

        [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
        public Issued(string password, bool isMock = false)
        {
            byte[] salted = Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), Salted, 4096, HashAlgorithmName.SHA256, 32);
            Salt = Salted;
            Iterations = 4096;
            StoredKey = SHA256.HashData(HMACSHA256.HashData(salted, "Client Key"u8));
            ServerKey = HMACSHA256.HashData(salted, "Server Key"u8);
            _mock = isMock ? null : new Issued("a password that nobody has", isMock: true);
        }

        public ScramLogin Mock => _mock!;

        /// <summary>What <see cref="CompleteAsync"/> was told, and when nobody had proven anything, of the made-up one too.</summary>
        public IReadOnlyList<bool> Completions => [.. _completions, .. _mock?._completions ?? []];

        /// <summary>Set: the password is right and has been revoked.</summary>
        public bool IsRevoked { get; set; }

        private static byte[] Salted => [.. Enumerable.Range(7, 16).Select(i => (byte)i)];

        public override ValueTask<LoginResult> CompleteAsync(bool proven, CancellationToken cancel)
        {
            _completions.Add(proven);
            return ValueTask.FromResult(proven && !IsRevoked ? new LoginResult(Alice, null) : new LoginResult(null, proven ? "password-revoked" : "password-wrong"));
        }
    }
}
