// SPDX-License-Identifier: GPL-2.0
/*
 * Firmware of bad.sh: nothing that it says about its devices can be relied on.
 * Reading a file of the devices SHPT000n in sysfs runs a method:
 *
 * SHPT0000/sun	take the next range of RNGS for BAD0, which is there: Device Check
 * SHPT0000/hrv	the last _OST as COUNT * 1000000 + SOURCE * 1000 + STATUS
 * SHPT0001/sun	DIM0 and DIM1 are there: Device Check of each
 * SHPT0001/hrv	DIM0 and DIM1 are not there
 * SHPT0002/sun	CPUD is there: Device Check
 * SHPT0002/hrv	Eject Request for NOEJ, which has no _EJ0
 * SHPT0003/sun	1000 Device Checks of DIM0
 * SHPT0003/hrv	the next _STA of FLAP alternate, Device Check
 * SHPT0005/sun	the memory in MOD0 is there: Bus Check of MOD0
 * SHPT0005/hrv	the memory in MOD0 is not there: Bus Check of MOD0
 */
DefinitionBlock ("", "SSDT", 2, "SHPT", "BAD", 1)
{
	Scope (\_SB)
	{
		Name (OCNT, 0)
		Name (OLST, 0)
		Name (NRNG, 0)
		Name (BSTA, 0)
		Name (DSTA, 0)
		Name (PSTA, 0)
		Name (CSTA, 0)
		Name (FSTA, 0)
		Name (FLIP, 0)

		Name (RNGS, Package ()
		{
			// misaligned
			ResourceTemplate ()
			{
				QWordMemory (ResourceProducer, , MinNotFixed, MaxNotFixed, Cacheable, ReadWrite,
					0, 0x40100000, 0x480FFFFF, 0, 0x8000000)
			},
			// not a multiple of a block
			ResourceTemplate ()
			{
				QWordMemory (ResourceProducer, , MinNotFixed, MaxNotFixed, Cacheable, ReadWrite,
					0, 0x40000000, 0x43FFFFFF, 0, 0x4000000)
			},
			// empty
			ResourceTemplate ()
			{
				QWordMemory (ResourceProducer, , MinNotFixed, MaxNotFixed, Cacheable, ReadWrite,
					0, 0x40000000, 0x40000000, 0, 0x0)
			},
			// the first half is RAM that is in use
			ResourceTemplate ()
			{
				QWordMemory (ResourceProducer, , MinNotFixed, MaxNotFixed, Cacheable, ReadWrite,
					0, 0x38000000, 0x47FFFFFF, 0, 0x10000000)
			},
			// more than the CPU can address
			ResourceTemplate ()
			{
				QWordMemory (ResourceProducer, , MinNotFixed, MaxNotFixed, Cacheable, ReadWrite,
					0, 0x40000000, 0x1000003FFFFFFF, 0, 0x10000000000000)
			},
			ResourceTemplate ()
			{
				QWordMemory (ResourceProducer, , MinNotFixed, MaxNotFixed, Cacheable, ReadWrite,
					0, 0x10000000000000, 0x10000007FFFFFF, 0, 0x8000000)
			},
			// over the end of 64 bits: 0x40000000, length 0xFFFFFFFFF0000000
			Buffer ()
			{
				0x8A, 0x2B, 0x00, 0x00, 0x00, 0x03,
				0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
				0x00, 0x00, 0x00, 0x40, 0x00, 0x00, 0x00, 0x00,
				0xFF, 0xFF, 0xFF, 0x2F, 0x00, 0x00, 0x00, 0x00,
				0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
				0x00, 0x00, 0x00, 0xF0, 0xFF, 0xFF, 0xFF, 0xFF,
				0x79, 0x00
			},
			// registers of devices
			ResourceTemplate ()
			{
				QWordMemory (ResourceProducer, , MinNotFixed, MaxNotFixed, Cacheable, ReadWrite,
					0, 0xF8000000, 0xFFFFFFFF, 0, 0x8000000)
			},
		})

		Method (OSTS, 2)
		{
			// Not "in progress"
			If (Arg1 != 0x84)
			{
				OCNT++
				OLST = Arg0 * 1000 + Arg1
			}
		}

		Device (BAD0)
		{
			Name (_HID, EisaId ("PNP0C80"))
			Name (_UID, 0x100)
			Method (_STA)
			{
				Return (BSTA)
			}
			Method (_CRS)
			{
				Return (DerefOf (RNGS [NRNG - 1]))
			}
			Method (_EJ0, 1)
			{
				BSTA = 0
			}
			Method (_OST, 3)
			{
				OSTS (Arg0, Arg1)
			}
		}

		Device (DIM0)
		{
			Name (_HID, EisaId ("PNP0C80"))
			Name (_UID, 0x101)
			Name (_CRS, ResourceTemplate ()
			{
				QWordMemory (ResourceProducer, , MinFixed, MaxFixed, Cacheable, ReadWrite,
					0, 0x40000000, 0x47FFFFFF, 0, 0x08000000)
			})
			Method (_STA)
			{
				Return (DSTA)
			}
			// Takes its time, and sends a Device Check of its own
			Method (_EJ0, 1)
			{
				Notify (DIM0, 1)
				// ACPICA takes no more at a time
				Sleep (2000)
				Sleep (2000)
				Sleep (2000)
				DSTA = 0
			}
			Method (_OST, 3)
			{
				OSTS (Arg0, Arg1)
			}
		}

		// Misaligned
		Device (DIM1)
		{
			Name (_HID, EisaId ("PNP0C80"))
			Name (_UID, 0x102)
			Name (_CRS, ResourceTemplate ()
			{
				QWordMemory (ResourceProducer, , MinFixed, MaxFixed, Cacheable, ReadWrite,
					0, 0x48100000, 0x500FFFFF, 0, 0x08000000)
			})
			Method (_STA)
			{
				Return (DSTA)
			}
			Method (_OST, 3)
			{
				OSTS (Arg0, Arg1)
			}
		}

		// Is there as far as every other _STA goes
		Device (FLAP)
		{
			Name (_HID, EisaId ("PNP0C80"))
			Name (_UID, 0x103)
			Name (_CRS, ResourceTemplate ()
			{
				QWordMemory (ResourceProducer, , MinFixed, MaxFixed, Cacheable, ReadWrite,
					0, 0x48000000, 0x4FFFFFFF, 0, 0x08000000)
			})
			Method (_STA)
			{
				If (FSTA)
				{
					FLIP = FLIP ^ 0x0F
				}
				Else
				{
					FLIP = 0
				}
				Return (FLIP)
			}
			Method (_OST, 3)
			{
				FSTA = 0
				OSTS (Arg0, Arg1)
			}
		}

		// No _EJ0, and not there either
		Device (NOEJ)
		{
			Name (_HID, EisaId ("PNP0C80"))
			Name (_UID, 0x104)
			Name (_STA, 0)
			Method (_OST, 3)
			{
				OSTS (Arg0, Arg1)
			}
		}

		// A container that is there, with memory that is misaligned
		Device (MOD0)
		{
			Name (_HID, "ACPI0004")
			Name (_UID, 0x10)
			Method (_OST, 3)
			{
				OSTS (Arg0, Arg1)
			}

			Device (MEM0)
			{
				Name (_HID, EisaId ("PNP0C80"))
				Name (_UID, 0x105)
				Name (_CRS, ResourceTemplate ()
				{
					QWordMemory (ResourceProducer, , MinFixed, MaxFixed, Cacheable, ReadWrite,
						0, 0x48100000, 0x500FFFFF, 0, 0x08000000)
				})
				Method (_STA)
				{
					Return (CSTA)
				}
			}
		}

		// The same as the first CPU
		Device (CPUD)
		{
			Name (_HID, "ACPI0007")
			Name (_UID, 0)
			Method (_STA)
			{
				Return (PSTA)
			}
			Method (_OST, 3)
			{
				PSTA = 0
				OSTS (Arg0, Arg1)
			}
		}

		Device (SHP0)
		{
			Name (_HID, "SHPT0000")
			Method (_SUN)
			{
				NRNG++
				BSTA = 0x0F
				Notify (BAD0, 1)
				Return (0)
			}
			Method (_HRV)
			{
				Return (OCNT * 1000000 + OLST)
			}
		}

		Device (SHP1)
		{
			Name (_HID, "SHPT0001")
			Method (_SUN)
			{
				DSTA = 0x0F
				Notify (DIM0, 1)
				Notify (DIM1, 1)
				Return (0)
			}
			Method (_HRV)
			{
				DSTA = 0
				Return (0)
			}
		}

		Device (SHP2)
		{
			Name (_HID, "SHPT0002")
			Method (_SUN)
			{
				PSTA = 0x0F
				Notify (CPUD, 1)
				Return (0)
			}
			Method (_HRV)
			{
				Notify (NOEJ, 3)
				Return (0)
			}
		}

		Device (SHP3)
		{
			Name (_HID, "SHPT0003")
			Method (_SUN)
			{
				Local0 = 1000
				While (Local0)
				{
					Notify (DIM0, 1)
					Local0--
				}
				Return (0)
			}
			Method (_HRV)
			{
				FSTA = 1
				Notify (FLAP, 1)
				Return (0)
			}
		}

		Device (SHP5)
		{
			Name (_HID, "SHPT0005")
			Method (_SUN)
			{
				CSTA = 0x0F
				Notify (MOD0, 0)
				Return (0)
			}
			Method (_HRV)
			{
				CSTA = 0
				Notify (MOD0, 0)
				Return (0)
			}
		}
	}
}
