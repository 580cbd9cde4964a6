using BenchmarkDotNet.Attributes;
using Sallyport.Proxy.Identity.Saml;
using Sallyport.Proxy.Tests.Identity.Saml;
using Sallyport.Proxy.Tests.Support;

namespace Sallyport.Micro.Identity;

/// <summary>A provider's response from base64 to what it asserts: read hardened, signature (RSA 2048) verified, decrypted where it was encrypted.</summary>
public class SamlBench
{
    private readonly SamlResponseReader _reader = new(TestResponse.Provider, new FakeTime());
    private readonly string _signed = TestResponse.Post(new TestResponse().Xml());
    private readonly string _encrypted = TestResponse.Post(new TestResponse { Encryption = new TestEncryption() }.Xml());

    [GlobalSetup]
    public void Setup()
    {
        Sample.Require(Signed() == "alice@example.com", "the subject is read");
        Sample.Require(Encrypted() == "alice@example.com", "the subject is decrypted");
        string other = TestResponse.Post(new TestResponse { AssertionSigner = new TestSigner { Certificate = TestKeys.Stranger } }.Xml());
        Sample.Require(_reader.Read(other, out string? refusal) is null && refusal == SamlRefusals.Signature, "a stranger's signature is refused");
    }

    [Benchmark]
    public string? Signed() => _reader.Read(_signed, out _)?.Subject;

    [Benchmark]
    public string? Encrypted() => _reader.Read(_encrypted, out _)?.Subject;
}
