using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Sallyport.Shared.KubernetesServer.Streams;

namespace Sallyport.Shared.KubernetesServer.Nodes;

/// <summary>A pseudo-terminal (pty(7)): we hold the master, a command gets the other end.</summary>
internal sealed class PseudoTerminal : IDisposable
{
    private const int ReadWrite = 2, NoControllingTerminal = 0x100, CloseOnExec = 0x80000;
    private const nuint SetSize = 0x5414;

    private readonly SafeFileHandle _master;

    public PseudoTerminal()
    {
        _master = new SafeFileHandle(Checked(posix_openpt(ReadWrite | NoControllingTerminal | CloseOnExec)), ownsHandle: true);
        int descriptor = (int)_master.DangerousGetHandle();
        Checked(grantpt(descriptor));
        Checked(unlockpt(descriptor));
        byte[] name = new byte[128];
        if (ptsname_r(descriptor, name, (nuint)name.Length) != 0)
            throw new InvalidOperationException("ptsname_r failed.");
        Name = System.Text.Encoding.ASCII.GetString(name, 0, Array.IndexOf(name, (byte)0));
        Master = new FileStream(_master, FileAccess.ReadWrite, bufferSize: 0);
    }

    /// <summary>The path of the other end.</summary>
    public string Name { get; }

    /// <summary>What is typed, and what is shown. Reading fails (EIO) once nobody has the other end.</summary>
    public FileStream Master { get; }

    /// <summary>Changes its size; what runs on it gets SIGWINCH.</summary>
    public void Resize(TerminalSize size)
    {
        ushort[] window = [size.Height, size.Width, 0, 0];
        Checked(ioctl((int)_master.DangerousGetHandle(), SetSize, window));
    }

    public void Dispose() => Master.Dispose();

    private static int Checked(int result) => result >= 0 ? result : throw new InvalidOperationException($"A pseudo-terminal failed: error {Marshal.GetLastPInvokeError()}.");

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int posix_openpt(int flags);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int grantpt(int descriptor);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int unlockpt(int descriptor);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ptsname_r(int descriptor, byte[] name, nuint length);

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int ioctl(int descriptor, nuint request, ushort[] window);
}
