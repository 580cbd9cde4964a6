using System.Net;
using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;
using Sallyport.Contract;
using Sallyport.Proxy.Identity;
using Sallyport.Proxy.Logging;

namespace Sallyport.Micro.Identity;

/// <summary>A token of the local issuer (ES256): one that was verified before, and ones that never were. More distinct tokens than the memory of them holds.</summary>
public class TokenLoginBench
{
    private const string Address = "https://sallyport.example";
    private const string Audience = "sallyport";

    /// <summary>Both generations of <see cref="LoginCache"/> hold 8192.</summary>
    private const int Distinct = 20_000;

    private readonly Log _log = new(Stream.Null, LogFormat.Text, journal: false, TimeProvider.System);
    private readonly LoginProof[] _proofs = new LoginProof[Distinct];
    private TokenLogin _login = null!;
    private int _next;

    [GlobalSetup]
    public void Setup()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var keys = new FixedKeys(KeySet.Of(LocalKey.PublicJwk(key)));
        var rules = new IssuerRules { Name = "local", Issuer = Address, Audiences = [Audience], Algorithms = ["ES256"] };
        _login = new TokenLogin([new Issuer(rules, keys)], TimeProvider.System, _log);
        for (int i = 0; i < Distinct; i++)
        {
            var request = new TokenMinter.Request { Subject = $"agent-{i}", Groups = ["assistants", "readers"], Kind = IdentityKind.Agent, Lifetime = TimeSpan.FromHours(12) };
            _proofs[i] = new LoginProof(TokenMinter.Mint(key, Address, Audience, request, DateTimeOffset.UtcNow), "anybody", new IPEndPoint(IPAddress.Loopback, 50000));
        }

        Sample.Require(Uncached() is { Identity.Subject: "agent-1" }, "the token's subject logs in");
        Sample.Require(Cached() is { Identity.Subject: "agent-0" } && _login.Remembers(_proofs[0].Token), "a verified token is remembered");
        Sample.Require(!_login.Remembers(_proofs[2].Token), "others are not");
        LoginResult forged = _login.LoginAsync(new LoginProof(_proofs[3].Token[..^8] + "AAAAAAAA", "", _proofs[3].Source), CancellationToken.None).AsTask().GetAwaiter().GetResult();
        Sample.Require(forged is { Identity: null, Refusal: Refusals.Signature }, "a forged one is refused");
    }

    [GlobalCleanup]
    public void Cleanup() => _log.Dispose();

    [Benchmark]
    public LoginResult Cached() => Login(_proofs[0]);

    [Benchmark]
    public LoginResult Uncached() => Login(_proofs[_next = (_next + 1) % Distinct]);

    private LoginResult Login(LoginProof proof) => _login.LoginAsync(proof, CancellationToken.None).AsTask().GetAwaiter().GetResult();
}
