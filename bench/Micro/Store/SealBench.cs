using System.Security.Cryptography;
using BenchmarkDotNet.Attributes;

namespace Sallyport.Micro.Store;

/// <summary>A secret of 32 bytes sealed for the store, and opened.</summary>
public class SealBench
{
    private const string Purpose = "bench";

    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(32);
    private SampleStore _store = null!;
    private byte[] _sealed = [];

    [GlobalSetup]
    public void Setup()
    {
        _store = SampleStore.OpenAsync().GetAwaiter().GetResult();
        _sealed = Seal();
        Sample.Require(Open().AsSpan().SequenceEqual(_secret), "what was sealed opens");
        Sample.Require(!Seal().AsSpan().SequenceEqual(_sealed), "no two seals are alike");
        try
        {
            _store.Sealer.Open("another", _sealed);
            Sample.Require(false, "it opened for another purpose");
        }
        catch (CryptographicException)
        {
            // As it should: the purpose is part of the seal.
        }
    }

    [GlobalCleanup]
    public void Cleanup() => _store.DisposeAsync().AsTask().GetAwaiter().GetResult();

    [Benchmark]
    public byte[] Seal() => _store.Sealer.Seal(Purpose, _secret);

    [Benchmark]
    public byte[] Open() => _store.Sealer.Open(Purpose, _sealed);
}
