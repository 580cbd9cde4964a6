using BenchmarkDotNet.Attributes;
using Sallyport.Contract;
using Sallyport.Protocols.Ssh.Shell;

namespace Sallyport.Micro.Ssh;

/// <summary>A command as the shell would read it, and what policy says of it: 0 bytes.</summary>
public class CommandBench
{
    private static readonly byte[] Plain = "tail -n 100 /srv/shop/log/app.log"u8.ToArray();
    private static readonly byte[] Wrapped = "cd /srv/shop && sudo -u app env LANG=C sh -c 'git pull --ff-only | grep -v \"up to date\"' >/tmp/log 2>&1; find . -name '*.tmp' | xargs -n 1 rm -rf"u8.ToArray();

    private readonly ShellScanner _scanner = new();
    private SshSample _sample = null!;

    [GlobalSetup]
    public void Setup()
    {
        _sample = new SshSample();
        Sample.Require(ScanWrapped() > 6, "commands within commands are found");
        Sample.Require(ScanAndJudge() == VerdictKind.Allow, "a command that is allowed is");
        _scanner.Scan("rm -rf /srv/shop"u8);
        Sample.Require(_sample.Gate.Judge(_scanner.View("rm -rf /srv/shop"u8)).Kind == VerdictKind.Deny, "and one that is denied is not");
    }

    [GlobalCleanup]
    public void Cleanup() => _sample.Dispose();

    [Benchmark]
    public int ScanPlain()
    {
        _scanner.Scan(Plain);
        return _scanner.Objects.Length;
    }

    [Benchmark]
    public int ScanWrapped()
    {
        _scanner.Scan(Wrapped);
        return _scanner.Objects.Length;
    }

    [Benchmark]
    public VerdictKind ScanAndJudge()
    {
        _scanner.Scan(Plain);
        return _sample.Gate.Judge(_scanner.View(Plain)).Kind;
    }
}
