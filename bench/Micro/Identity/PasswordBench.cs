using BenchmarkDotNet.Attributes;
using Sallyport.Proxy.Identity.Local;

namespace Sallyport.Micro.Identity;

/// <summary>One password verified (Argon2id, 19 MiB): what a login with one costs the machine, so that operators know how many it bears.</summary>
public class PasswordBench
{
    private const string Password = "correct horse battery staple";

    private readonly PasswordHasher _hasher = new();
    private string _hash = "";

    [GlobalSetup]
    public void Setup()
    {
        _hash = _hasher.HashAsync(Password, CancellationToken.None).GetAwaiter().GetResult();
        Sample.Require(Verify(), "the password fits its hash");
        Sample.Require(!_hasher.VerifyAsync(_hash, "another", CancellationToken.None).GetAwaiter().GetResult(), "another does not");
        Sample.Require(!Nobody(), "nobody's fits none");
    }

    [GlobalCleanup]
    public void Cleanup() => _hasher.Dispose();

    [Benchmark]
    public bool Verify() => _hasher.VerifyAsync(_hash, Password, CancellationToken.None).GetAwaiter().GetResult();

    /// <summary>Somebody who has no password: must take as long.</summary>
    [Benchmark]
    public bool Nobody() => _hasher.VerifyAsync(null, Password, CancellationToken.None).GetAwaiter().GetResult();
}
